"""Instances, your own photographs of things and places, each seen several times: a CSV file says what shows what."""

import logging
import math
import os
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import packed, tree
from datasets.images.base import ImageSet
from datasets.images.truth import Truth, positions
from datasets.lists import listed, manifest, reading, tables

log = logging.getLogger(__name__)

NAME = "images.csv"  # the list of a folder
COLUMNS = ("path", "instance", "role")
ROLES = ("query", "view", "reference", "distractor", "train")
NOBODY = ""  # the class of what shows no instance
NO_BOX = (math.nan,) * 4
TAKEN = "a CSV file with the columns path,instance,role and, where you like, set,x_1,y_1,x_2,y_2"


@dataclass(frozen=True)
class _Photograph:
    """One line: where it stands, and what it says."""

    where: str
    path: str
    instance: str
    role: str
    part: str
    box: tuple[float, ...] | None


def load(root: str | Path | None, *, boxes: bool = False) -> ImageSet:
    """The photographs of a CSV file, or of the images.csv (or the only .csv) of a folder or an archive.

    One line a photograph with ``path,instance,role``; paths start in the file's folder. Roles: a *query* asks all
    photographs but the queries; a *view* asks all others; a *reference* or a *distractor* is only found; *train* is
    neither. An empty instance is a distractor. A photograph asks for those of its own instance. Optional columns:
    ``set``, the part that a photograph belongs to, by which the scores come and which ``parts.of_parts`` chooses; and
    ``x_1,y_1,x_2,y_2``, the corners in pixels of a box, empty for none: queries and views are cropped to theirs, all
    others where ``boxes`` asks for it.

    Where no line has the role train, every photograph of an instance that is seen twice trains. Raises InputError
    naming the file and its line.
    """
    file = _file(root)
    photographs = _once(file, [_photograph(file, where, row) for where, row in _rows(file)])
    listed.check_present(file, [one.where for one in photographs], [one.path for one in photographs])
    labels, class_names = reading.classes([one.instance for one in photographs])
    roles = np.array([one.role for one in photographs])
    query, gallery = np.flatnonzero(np.isin(roles, ["query", "view"])), _gallery(roles)
    parts = tuple(one.part for one in photographs)
    image_set = ImageSet(
        name=_name(file),
        images=[one.path for one in photographs],
        labels=labels,
        class_names=class_names,
        train=_train(roles, np.array([one.instance != NOBODY for one in photographs])),
        query=query,
        gallery=gallery,
        boxes=np.array([one.box or NO_BOX for one in photographs], dtype=np.float32) if boxes else None,
        truth=_truth(file, photographs, query, gallery, boxes=boxes) if len(query) else None,
        parts=parts if any(parts) else (),
    )
    return image_set.with_lone_in_gallery().check(alone=True)


def _file(root: str | Path | None) -> str:
    if root is None:
        raise InputError(f"dataset instances needs {TAKEN}: name it by --data-path")
    place = os.path.expanduser(str(root))
    if place.lower().endswith(tables.ENDINGS):
        return place
    if not os.path.isdir(place) and not packed.split(place):
        what = "is neither a CSV file nor a folder" if os.path.exists(place) else "is not there"
        raise InputError(f"{root} {what}: dataset instances needs {TAKEN}")
    found = [path for path in _tables(place) if os.path.basename(path) == NAME] or _tables(place)
    if len(found) != 1:
        what = f"has {len(found)} CSV files, as {found[0]} and {found[1]}" if found else f"has no {NAME}"
        raise InputError(f"{root} {what}: name by --data-path {TAKEN}")
    return os.path.join(place, found[0])


def _tables(place: str) -> list[str]:
    """The CSV files of a folder, or of an archive at any depth, from there on."""
    inside = packed.split(place)
    names = os.listdir(place) if inside is None else tree.files(place, tree.PassedOver())
    return sorted(name for name in names if name.lower().endswith(tables.ENDINGS))


def _name(file: str) -> str:
    path = Path(file)
    if path.name != NAME:
        return path.stem
    place = path.absolute().parent
    return (place.stem if packed.is_archive(str(place)) else place.name) or "instances"


def _rows(file: str) -> list[tables.Row]:
    rows = tables.rows(file, COLUMNS, empty=("instance",))
    if not rows:
        raise InputError(f"{file} has a header, but no line of a photograph")
    corners = set(manifest.CORNERS) & set(rows[0][1])
    if 0 < len(corners) < len(manifest.CORNERS):
        wanted = ",".join(manifest.CORNERS)
        raise InputError(
            f"{file}: of the columns {wanted} only {', '.join(sorted(corners))} are there: give all or none"
        )
    return rows


def _photograph(file: str, where: str, row: dict[str, str]) -> _Photograph:
    role, instance = row["role"].lower(), row["instance"]
    if role not in ROLES:
        raise InputError(f"{where}: role '{row['role']}' is none of {', '.join(ROLES)}")
    if role == "distractor" and instance:
        raise InputError(
            f"{where}: a distractor shows no instance, and this one shows '{instance}': is it a reference?"
        )
    if role in ("query", "view", "train") and not instance:
        raise InputError(f"{where}: a photograph of role {role} needs an instance; what shows none is a distractor")
    has_box = any(row.get(corner) for corner in manifest.CORNERS)
    box = manifest.box(where, row) if has_box else None
    return _Photograph(where, tables.path_from(file, row["path"]), instance, role, row.get("set", ""), box)


def _once(file: str, photographs: list[_Photograph]) -> list[_Photograph]:
    """Every line once; raises InputError where a photograph trains that is also judged."""
    first: dict[tuple, _Photograph] = {}
    trains: dict[str, _Photograph] = {}
    for one in photographs:
        first.setdefault((one.path, one.instance, one.role, one.box), one)
        before = trains.setdefault(one.path, one)
        if (before.role == "train") != (one.role == "train"):
            line = before.where.rpartition(", ")[2]
            raise InputError(
                f"{one.where}: {one.path} is {one.role} here and {before.role} in {line}: keep one of them"
            )
    if again := len(photographs) - len(first):
        log.warning("%s: %d line(s) that say the same again are passed over", file, again)
    return list(first.values())


def _gallery(roles: np.ndarray) -> np.ndarray:
    """The rows that can be found: all that do not train, and without the queries where no view asks for them."""
    left_out = ["train"] if (roles == "view").any() else ["train", "query"]
    return np.flatnonzero(~np.isin(roles, left_out))


def _train(roles: np.ndarray, shows: np.ndarray) -> np.ndarray:
    """The rows that train: those of that role, else all that show something."""
    given = np.flatnonzero(roles == "train")
    return given if len(given) else np.flatnonzero(shows)


class _Places:
    """Where in the gallery each instance, each picture and each crop of one stands."""

    def __init__(self, photographs: Sequence[_Photograph], *, boxes: bool) -> None:
        self._photographs, self._boxes = photographs, boxes
        self._found: dict[Hashable, list[int]] = defaultdict(list)
        for place, one in enumerate(photographs):
            for key in (("instance", one.instance), ("picture", one.path), self._crop(one)):
                self._found[key].append(place)
        self._is_query = [one.role == "query" for one in photographs]
        self._queries = np.flatnonzero(self._is_query)

    def _crop(self, one: _Photograph) -> Hashable:
        return "crop", one.path, one.box if self._boxes else None

    def answers(self, one: _Photograph) -> tuple[Sequence[int], Sequence[int] | np.ndarray]:
        """What a query is to find, and what is junk for it.

        Junk are its own picture and, unless it is a view, the other queries; and a picture that it is to find, where
        this stands there once more for another instance.
        """
        own, asks = self._found.get(("picture", one.path), ()), one.role == "query"
        same = self._found.get(("instance", one.instance), ())
        right = [place for place in same if place not in own and not (asks and self._is_query[place])]
        twins = {twin for place in right for twin in self._found[self._crop(self._photographs[place])]}
        junk = (twins | set(own)) - set(right)
        if not asks:
            return right, sorted(junk)
        more = [place for place in junk if not self._is_query[place]]
        return right, np.union1d(self._queries, more).astype(np.int64) if more else self._queries


def _truth(file: str, photographs: list[_Photograph], query: np.ndarray, gallery: np.ndarray, *, boxes: bool) -> Truth:
    """What each query is to find: the photographs of its instance, without itself."""
    places = _Places([photographs[row] for row in gallery], boxes=boxes)
    asked = [photographs[row] for row in query]
    easy, junk = zip(*map(places.answers, asked), strict=True)
    lost = [one for one, right in zip(asked, easy, strict=True) if not len(right)]
    if lost:
        log.warning(
            "%s: %d of %d queries have nothing to find, such as %s of instance '%s': no score counts them",
            file, len(lost), len(asked), lost[0].path, lost[0].instance,
        )  # fmt: skip
    parts = tuple(one.part for one in asked)
    return Truth(
        "instances",
        positions(easy),
        positions([()] * len(asked)),
        positions(junk),
        boxes=np.array([one.box or NO_BOX for one in asked], np.float32) if any(one.box for one in asked) else None,
        parts=parts if any(parts) else (),
    )
