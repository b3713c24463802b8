"""Speed on this machine: `make bench`."""
