"""Networks of sketches and photographs put to use, whether they give codes or vectors."""
