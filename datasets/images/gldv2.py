"""Google Landmarks v2: photographs of landmarks of the world ask an index of 761,757 (Weyand et al. 2020).

Scores come for the queries that were Public and for those that were Private in its competition. Some landmarks of the
queries train too: the set's own publication has it so, and what trains is in no gallery.
"""

import csv
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.truth import Truth, positions
from datasets.lists import reading

CLEAN, ALL = SPLITS = ("clean", "all")  # which of the training photographs
TRAIN = {CLEAN: "train_clean.csv", ALL: "train.csv"}
INDEX = "index.csv"
SOLUTION = "retrieval_solution_v2.1.csv"
PUBLISHED = {CLEAN: 1_580_470, ALL: 4_132_914, "query": 1_129, "gallery": 761_757}
USAGES = ("Public", "Private")
IGNORED = "Ignored"
SOURCE = "its lists and photographs come from https://github.com/cvdfoundation/google-landmark"
_LONGEST = 1 << 27  # letters of a cell: all photographs of a landmark stand in one
NOT_TOLD = ""  # the class of a photograph of the index, and of a query

log = logging.getLogger(__name__)


def load(root: str | Path | None, *, boxes: bool = False, split: str = "") -> ImageSet:
    """The set in the folder ``root``, or in gldv2 within it.

    Read are ``train_clean.csv`` (landmark_id,images) or by the split "all" ``train.csv`` (id,url,landmark_id),
    ``index.csv`` (id) and ``retrieval_solution_v2.1.csv`` (id,images,Usage), of the folder itself or of the folders
    train, index, test, metadata and ground_truth in it; where the first or the last two are missing, nothing trains,
    or nothing is judged. The photograph of an id lies in ``train``, ``index`` or ``test``, in three folders of the
    id's first letters: ``index/0/1/2/0123456789abcdef.jpg``. A landmark with one photograph trains nothing.

    Counts other than those that are published are told. Raises InputError naming the file and its line, or photographs
    that are missing.
    """
    split = split or CLEAN
    if split not in SPLITS:
        raise InputError(f"--split={split}: gldv2 has the splits {', '.join(SPLITS)}")
    folder = reading.folder(root, *_ways(*TRAIN.values(), INDEX), name="gldv2", inner="gldv2", source=SOURCE)
    if boxes:
        raise InputError(f"{folder}: Google Landmarks v2 is used without boxes; do not ask for crops to boxes")
    train, landmarks = _train(folder, split)
    index, asked = _judged(folder)
    ends = np.cumsum([0, len(train), len(index), len(asked)])
    parts = {"train": train, "index": index, "test": [name for name, _, _ in asked]}
    images = [f"{folder}/{part}/{'/'.join(name[:3])}/{name}.jpg" for part, names in parts.items() for name in names]
    reading.check_present(images)
    labels, class_names = reading.classes([*landmarks, *[NOT_TOLD] * (len(index) + len(asked))])
    image_set = ImageSet(
        name="gldv2" if split == CLEAN else f"gldv2-{split}",
        images=images,
        labels=labels,
        class_names=class_names,
        train=np.arange(ends[1]),
        gallery=np.arange(*ends[1:3]),
        query=np.arange(*ends[2:4]),
        truth=_truth(folder, index, asked) if asked else None,
    )
    _tell_counts(folder, {split: len(train), "gallery": len(index), "query": len(asked)})
    return image_set.with_lone_in_gallery().check(alone=True)


def _ways(*names: str) -> list[str]:
    """Where a list may lie, from the set's folder on."""
    return [
        str(Path(inner, name)) for name in names for inner in ("", "train", "index", "test", "metadata", "ground_truth")
    ]


def _list(folder: Path, name: str) -> Path | None:
    return next((folder / way for way in _ways(name) if (folder / way).is_file()), None)


def _rows(file: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The lines of a list, each with its number."""
    before = csv.field_size_limit(_LONGEST)
    with file.open(newline="", encoding="utf-8") as lines:
        found = csv.DictReader(lines)
        try:
            missing = [column for column in columns if column not in (found.fieldnames or ())]
            if missing:
                raise InputError(f"{file}, line 1: no column {', '.join(missing)}: fetch the list again")
            for row in found:
                if any(not row[column] for column in columns):
                    raise InputError(
                        f"{file}, line {found.line_num}: expected {','.join(columns)}: fetch the list again"
                    )
                yield found.line_num, row
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{file} cannot be read ({error}): fetch the list again") from None
        finally:
            csv.field_size_limit(before)


def _train(folder: Path, split: str) -> tuple[list[str], list[str]]:
    """Ids and landmarks of what trains; both empty where there is no list of them."""
    file = _list(folder, TRAIN[split])
    if file is None:
        log.warning("%s has no %s: nothing trains", folder, TRAIN[split])
        return [], []
    if split == CLEAN:
        rows = [(row["images"].split(), row["landmark_id"]) for _, row in _rows(file, ("landmark_id", "images"))]
        return [name for names, _ in rows for name in names], [mark for names, mark in rows for _ in names]
    found = [(row["id"], row["landmark_id"]) for _, row in _rows(file, ("id", "landmark_id"))]
    return [name for name, _ in found], [mark for _, mark in found]


def _judged(folder: Path) -> tuple[list[str], list[tuple[str, list[str], str]]]:
    """The ids of the index; and the id of each query, the ids that it is to find, and its usage."""
    index, solution = _list(folder, INDEX), _list(folder, SOLUTION)
    if index is None or solution is None:
        log.warning("%s has no %s: nothing is judged", folder, INDEX if index is None else SOLUTION)
        return [], []
    asked = []
    for number, row in _rows(solution, ("id", "images", "Usage")):
        if row["Usage"] not in (*USAGES, IGNORED):
            raise InputError(
                f"{solution}, line {number}: Usage '{row['Usage']}' is none of {', '.join(USAGES)}, {IGNORED}"
            )
        if row["Usage"] != IGNORED:
            asked.append((row["id"], row["images"].split(), row["Usage"]))
    return [row["id"] for _, row in _rows(index, ("id",))], asked


def _truth(folder: Path, index: list[str], asked: list[tuple[str, list[str], str]]) -> Truth:
    place_of = {name: place for place, name in enumerate(index)}
    for query, names, _ in asked:
        if lost := [name for name in names if name not in place_of]:
            raise InputError(f"{folder}: {SOLUTION} has query {query} find {lost[0]}, which is not in {INDEX}")
    none = positions([()] * len(asked))
    easy = positions([sorted({place_of[name] for name in names}) for _, names, _ in asked])
    return Truth("landmarks", easy, none, none, parts=tuple(usage for _, _, usage in asked))


def _tell_counts(folder: Path, found: dict[str, int]) -> None:
    for part, count in found.items():
        if count not in (0, PUBLISHED[part]):
            what = "queries" if part == "query" else f"photographs ({part})"
            log.warning("%s: has %s %s, where %s are published", folder, f"{count:,}", what, f"{PUBLISHED[part]:,}")
