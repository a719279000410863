"""The sweep: what is built and searched, each in a process of its own, timed and checked."""
