"""Exported: a gallery as files: its classes as the commands read them, its pictures as vectors."""
