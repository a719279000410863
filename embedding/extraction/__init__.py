"""Pictures to a vectors file, piece by piece, so that no kill costs more than a piece."""
