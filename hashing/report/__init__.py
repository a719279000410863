"""Reports of codes: the page, its pictures, and the saved codes that it is made from."""
