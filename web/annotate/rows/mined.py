"""Mined: pictures that nobody has sorted, grouped into classes that are proposed, kept beside the vectors they are of.

A file a choice of pictures, in the folder of the snapshot, which goes when the snapshot goes.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from datasets.errors import InputError
from datasets.files.whole import own_beside
from embedding.categories.known import Known, known_classes
from embedding.categories.manifest import labels, members
from embedding.categories.mine import Mined, Wish
from embedding.categories.sampled import mine_some
from web.annotate.rows.vectors import floats
from web.galleries import served
from web.galleries.models import NO_CLASS, Gallery, Job, Picture
from web.galleries.work.lines import line
from web.galleries.work.progress import Progress
from web.serving.snapshot import Snapshot

GROUPED = 10_000  # pictures: grouping takes time by their square
AMONG = ("unsorted", "unnamed")  # what nobody has sorted, whatever its folder says; of it what no folder names either


@dataclass(frozen=True, eq=False)
class Kept:
    """Rows of proposals, new classes first, surest first, then more of the known classes.

    names (R,) : what to call them; is_new (R,) bool; confidence (R,), 0 to 1, of known ones 0
    ids (M,) int64 : pictures of all rows one after the other, those most like the row's mean first; ends (R,) int64
    facts : how they were come by, a line a fact
    """

    names: np.ndarray
    is_new: np.ndarray
    confidence: np.ndarray
    ids: np.ndarray
    ends: np.ndarray
    facts: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def pictures(self, row: int) -> np.ndarray:
        """The numbers of the pictures of a row."""
        return self.ids[self.ends[row - 1] if row else 0 : self.ends[row]]


def kept(snapshot: Snapshot, among: str) -> Kept | None:
    """What was mined of a snapshot last, None where nothing was yet."""
    file = _file(snapshot, among)
    try:
        return _read(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        return None


@functools.lru_cache(maxsize=4)
def _read(file: Path, changed: int) -> Kept:
    with np.load(file, allow_pickle=False) as found:
        return Kept(**found)


def check(among: str) -> None:
    """Raises InputError for what is none of ``AMONG``."""
    if among not in AMONG:
        raise InputError(_("among=%(among)s: must be one of %(all)s") % {"among": among[:40], "all": ", ".join(AMONG)})


def _file(snapshot: Snapshot, among: str) -> Path:
    check(among)
    return snapshot.folder / f"proposals-{among}.npz"


def unsorted(gallery: Gallery, among: str) -> QuerySet[Picture, int]:
    """The numbers of the pictures that are there and that nobody has sorted."""
    there = gallery.pictures.filter(state=Picture.State.THERE, label="")
    return (there if among == "unsorted" else there.filter(category="")).values_list("pk", flat=True)


def propose(gallery: Gallery, snapshot: Snapshot, among: str, wish: Wish | None = None) -> Kept:
    """Mine what nobody has sorted, by what people have sorted, and keep it.

    Of more than ``GROUPED`` pictures so many, drawn at random, are grouped, and the others join these groups.

    Raises InputError where there is nothing to sort.
    """
    file = _file(snapshot, among)
    free = _rows(snapshot, unsorted(gallery, among))
    if len(free) < 2:
        told = {"gallery": gallery.name, "count": len(free)}
        raise InputError(_("%(gallery)s: %(count)d pictures wait to be sorted; there is nothing to propose") % told)
    names, known = _known(gallery, snapshot, among)
    found = mine_some(floats(snapshot, free), known, wish or Wish(), most=GROUPED)
    made = _kept(found, snapshot.ids[free], names)
    with own_beside(file) as part, part.open("wb") as out:
        np.savez(out, **vars(made))
    return made


def kind(among: str) -> str:
    """The kind of the job that mines these pictures."""
    return f"propose-{among}"


def work(job: Job, progress: Progress) -> str:
    """Do a job: mine what answers now."""
    among = job.kind.removeprefix("propose-")
    progress.say(line(gettext_noop("groups pictures")))
    made = propose(job.gallery, served.of_gallery(job.gallery).snapshot, among)
    return line(gettext_noop("%(rows)s rows of %(count)s pictures"), rows=f"{len(made):,}", count=f"{len(made.ids):,}")


def _rows(snapshot: Snapshot, numbers: Iterable[int]) -> np.ndarray:
    """The rows of those pictures that are in the snapshot."""
    rows = snapshot.rows(np.fromiter(numbers, np.int64))
    return rows[rows >= 0]


def _known(gallery: Gallery, snapshot: Snapshot, among: str) -> tuple[np.ndarray, Known | None]:
    """Names of the classes that are known, and these; None where fewer than two are."""
    there = gallery.pictures.filter(state=Picture.State.THERE).exclude(label=NO_CLASS)
    there = there.exclude(label="") if among == "unsorted" else there.exclude(label="", category="")
    said = [(number, label or category) for number, label, category in there.values_list("pk", "label", "category")]
    rows = snapshot.rows(np.array([number for number, _ in said], np.int64))
    inside = rows >= 0
    names, numbers = np.unique(np.array([name for _, name in said], object)[inside], return_inverse=True)
    if len(names) < 2:
        return names, None
    return names, known_classes(floats(snapshot, rows[inside]), numbers)


def _kept(found: Mined, ids: np.ndarray, known_names: np.ndarray) -> Kept:
    proposals = found.proposals
    new = labels(proposals)
    marks, counts = np.unique(proposals.known[proposals.known >= 0], return_counts=True)
    marks = marks[np.argsort(-counts, kind="stable")]
    rows = [members(proposals, cluster) for cluster in range(len(new))]
    rows += [np.flatnonzero(proposals.known == mark) for mark in marks]
    return Kept(
        names=np.array([*new, *known_names[marks]], np.str_),
        is_new=np.arange(len(rows)) < len(new),
        confidence=np.append(proposals.confidences, np.zeros(len(marks))),
        ids=ids[np.concatenate([np.empty(0, np.int64), *rows])],
        ends=np.cumsum([len(row) for row in rows], dtype=np.int64),
        facts=np.array(found.facts, np.str_),
    )
