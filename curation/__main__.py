"""`python -m curation` and the command `curate`."""

from curation.cli import entry

if __name__ == "__main__":
    entry()
