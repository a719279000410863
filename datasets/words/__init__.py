"""Words: the words of a sentence in any language, with spaces between them or without."""
