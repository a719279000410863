"""Karpathy's files ``dataset_*.json``: images of Flickr8k, Flickr30k or COCO, their captions and their split.

As published with Karpathy and Fei-Fei (2015), in caption_datasets.zip: ``images[]`` with ``filename``, ``filepath``
(COCO: train2014 or val2014), ``split`` (train, val, test or restval) and ``sentences[]``, each with ``raw``, the
caption as it was written, and ``tokens``, which are not read: words are cut in one way for all sets.
"""

import json
from pathlib import Path
from typing import Any

from datasets.errors import InputError
from datasets.lists import described
from datasets.lists.described import Described

SOURCE = "its captions and split are in caption_datasets.zip (cs.stanford.edu/people/karpathy/deepimagesent)"
SPLITS = {"train": "train", "val": "dev", "test": "test", "restval": ""}


def read(file: Path, images: Path, *, restval: bool = False) -> list[Described]:
    """The images of ``file`` in its order; their files are in the folder ``images``, in that of their own filepath.

    Those of the split "restval", of which COCO has 30,504, train where ``restval`` says so, and are left out otherwise.
    Raises InputError naming the file, and the line or the place in ``images[]`` that is wrong.
    """
    content = parsed(file)
    entries = content.get("images") if isinstance(content, dict) else None
    if not isinstance(entries, list) or not entries:
        raise InputError(f"{file}: has no list 'images', so it is none of Karpathy's dataset_*.json")
    found = [_image(entry, images, f"{file}, images[{number}]") for number, entry in enumerate(entries)]
    split = SPLITS | ({"restval": "train"} if restval else {})
    return [Described(path, captions, split[name], where) for path, captions, name, where in found if split[name]]


def parsed(file: Path) -> Any:
    """What the JSON file says; raises InputError naming it, and the line where it is no JSON."""
    text = "\n".join(described.lines(file))
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{file}, line {error.lineno}: is no JSON ({error.msg}); fetch the file again") from None
    except (RecursionError, ValueError):  # brackets in brackets, or a number of thousands of digits
        raise InputError(f"{file}: is no JSON of such a data set; fetch the file again") from None


def field(entry: object, name: str, kind: type, where: str) -> Any:
    """The field ``name`` of an object in a JSON file; raises InputError, which begins with ``where``, if it is none."""
    value = entry.get(name) if isinstance(entry, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        words = {str: "text", list: "a list", int: "a whole number"}
        raise InputError(f"{where}: its '{name}' is missing or not {words[kind]}")
    return value


def _image(entry: object, images: Path, where: str) -> tuple[str, list[str], str, str]:
    """Path, captions, split, and where that is said."""
    name = field(entry, "filename", str, where)
    where = f"{where} ({name})"
    split = field(entry, "split", str, where)
    if split not in SPLITS:
        raise InputError(f"{where}: split '{split}' is none of {', '.join(SPLITS)}")
    inner = field(entry, "filepath", str, where) if "filepath" in entry else ""
    sentences = field(entry, "sentences", list, where)
    return str(images / inner / name), [field(sentence, "raw", str, where) for sentence in sentences], split, where
