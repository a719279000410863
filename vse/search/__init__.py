"""Search: sentences among pictures and pictures among sentences, and the page that shows what was found."""
