"""COCO-style JSON of labels: images, categories, and one annotation a picture with a class, of the whole picture.

Format: https://cocodataset.org/#format-data
"""

import json
from collections.abc import Callable, Iterator

from web.galleries.exported.labelled import Labelled
from web.galleries.models import Gallery


def coco(gallery: Gallery, found: list[Labelled]) -> Iterator[str]:
    """The file, a piece at a time; a picture of unknown size has a box of zeros."""
    names = sorted({one.label for one in found})
    numbers = {name: place for place, name in enumerate(names, 1)}
    yield '{"info": ' + json.dumps({"description": gallery.name, "version": "1.0"}) + ',\n"categories": '
    yield json.dumps([{"id": numbers[name], "name": name, "supercategory": ""} for name in names])
    yield ',\n"images": [\n'
    yield from _listed(found, _image)
    yield '],\n"annotations": [\n'
    yield from _listed(found, lambda one: _annotation(one, numbers[one.label]))
    yield "]}\n"


def _listed(found: list[Labelled], fact: Callable[[Labelled], dict[str, object]]) -> Iterator[str]:
    for place, one in enumerate(found):
        yield ("," if place else "") + json.dumps(fact(one)) + "\n"


def _image(one: Labelled) -> dict[str, object]:
    return {"id": one.number, "file_name": one.path, "width": one.width, "height": one.height}


def _annotation(one: Labelled, category: int) -> dict[str, object]:
    box = [0, 0, one.width, one.height]
    its = {"id": one.number, "image_id": one.number, "category_id": category}
    return {**its, "bbox": box, "area": one.width * one.height, "iscrowd": 0}
