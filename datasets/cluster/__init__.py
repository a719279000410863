"""Work in pieces, done here or by the processes of a cluster."""
