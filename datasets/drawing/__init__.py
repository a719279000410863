"""Drawing: scenes as facts, as pictures and as sentences; the built-in caption set is made of them."""
