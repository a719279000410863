"""YAML files that map names to something: read, or told in one line why not."""

from pathlib import Path
from typing import Any

import yaml

from datasets.errors import InputError


def mapping(path: Path, *, where: str, wanted: str, loader: Any = yaml.SafeLoader) -> dict[Any, Any]:
    """What the file maps, at least one thing. Raises InputError, which begins with ``where``, where it cannot.

    wanted : what it must map, in words: "names to filters, like old: ..."
    loader : one of PyYAML's safe ones
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{where}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    except yaml.YAMLError as error:
        raise InputError(f"{where}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not content:
        raise InputError(f"{where}: must map {wanted}")
    return content
