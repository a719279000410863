"""Runs: what a folder of a training tells, before a network is loaded."""

import json
from pathlib import Path

from django.utils.translation import gettext as _

from datasets.errors import InputError


def options(folder: Path) -> dict[str, object]:
    """The options that a run was begun with; raises InputError where ``folder`` is no run folder."""
    try:
        found = json.loads((folder / "options.json").read_text())
        if not isinstance(found, dict):
            raise ValueError(_("it holds no options"))
        return found
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        told = {"folder": folder, "why": why}
        raise InputError(_("%(folder)s is no run folder (%(why)s): name one that a training wrote") % told) from None


def check(folder: Path, checkpoint: str = "best") -> None:
    """Raise InputError where pictures cannot be embedded with what a run has trained, as far as its files tell."""
    known, told = options(folder), {"folder": folder, "checkpoint": checkpoint}
    if known.get("img_dim"):
        raise InputError(_("%(folder)s: learned from features that others made, not from pictures") % told)
    if not (folder / checkpoint / "net.params").is_file():
        raise InputError(_("%(folder)s: has no checkpoint %(checkpoint)s yet: train an epoch first") % told)
