"""Sources: what names the pictures of a gallery, a folder, an archive, a list or a vectors file."""
