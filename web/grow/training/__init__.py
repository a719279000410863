"""Training again: labels and what is held out of them, the command, and the job that runs it."""
