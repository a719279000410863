"""The scripts as they are installed: the package deepembedding, each a command of the program of that name."""
