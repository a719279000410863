"""Pages: what all pages share, the frame of their HTML, their style and their modules of JavaScript."""
