"""Exported: labels as files that trainings and other tools read, and the log of all changes."""
