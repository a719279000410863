"""The exceptions whose one line is all that a user should see."""


class InputError(Exception):
    """What a user gave cannot be used: one line that names the file or flag, says what is wrong and what to do.

    A command ends with exit code 2.
    """


class RunFailed(Exception):
    """One line about a run that cannot go on although its input is sound; a command ends with exit code 1."""
