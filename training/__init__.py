"""How the quality model that ships with the package is made: collect, prepare, train, evaluate (see README.md)."""
