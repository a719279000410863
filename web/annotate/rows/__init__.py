"""Rows of pictures to sort: proposals of new and of known classes, and the neighbors of what is asked for."""
