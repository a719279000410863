"""Scan: the pictures of a gallery are brought to what its source names now; a file that moved is known by its content.

What was read is kept as it goes, so that a scan that was killed reads no file twice.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db import transaction

from datasets.errors import InputError
from web.galleries.models import Gallery, Picture
from web.galleries.scanning import looking
from web.galleries.scanning.looking import Looked
from web.galleries.sources.base import Entry, Source

_AT_ONCE = 500  # rows that are written together
_FIELDS = ("path", "content", "size", "changed", "width", "height", "taken", "category", "state", "reason")

Tell = Callable[[int, int, str], None]  # done, of how many, of what


@dataclass(frozen=True, slots=True)
class Known:
    """What the database knows of a picture."""

    pk: int
    path: str
    content: str
    size: int
    changed: int
    category: str
    state: str


@dataclass
class Scan:
    """A scan at work.

    loose : by content the pictures that are no longer where they were, and may be found elsewhere
    counts : new, changed, moved, vanished, unreadable, unchanged
    """

    gallery: Gallery
    source: Source
    tell: Tell = lambda done, total, what: None
    loose: dict[str, list[Known]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter = field(default_factory=Counter)

    def run(self) -> Counter:
        """Do it; raises InputError where the source cannot be read."""
        entries = {entry.path: entry for entry in self.source.entries()}
        if not entries:  # of a drive that is not mounted, no picture is to be gone
            told = f" ({self.source.passed})" if self.source.passed else ""
            raise InputError(
                f"{self.gallery.source} holds no picture{told}; is its drive there? Put some in, or remove it"
            )
        known = {row.path: row for row in _known(self.gallery)}
        there = [row for row in known.values() if row.path in entries]
        for row in known.values():
            if row.path not in entries and row.content:
                self.loose[row.content].append(row)
        changed = [entries[row.path] for row in there if self._may_have_changed(row, entries[row.path])]
        new = [entry for path, entry in entries.items() if path not in known]
        looked = self._look([*changed, *new])
        waiting = self._same_or_waiting(looked, len(changed), known)
        while some := list(islice(looked, _AT_ONCE)):
            self._place(some, {})
        self._place(waiting, known)
        self._vanish(row for row in known.values() if row.path not in entries)
        return self.counts

    def _may_have_changed(self, row: Known, entry: Entry) -> bool:
        """Whether its file is to be read; another class is noted at once."""
        state, unreadable = looking.state(self.source, row.path), row.state == Picture.State.UNREADABLE
        is_known = unreadable or row.content and row.state != Picture.State.VANISHED
        if is_known and state == (row.size, row.changed) and entry.content in ("", row.content):
            self.counts["unchanged"] += 1
            if row.category != entry.category:
                Picture.objects.filter(pk=row.pk).update(category=entry.category)
            return False
        return True

    def _look(self, entries: Sequence[Entry]) -> Iterator[Looked]:
        for done, looked in enumerate(looking.all_of(self.source, entries), start=1):
            self.tell(done, len(entries), "read")
            yield looked

    def _same_or_waiting(self, looked: Iterator[Looked], count: int, known: dict[str, Known]) -> list[Looked]:
        """Note the first ``count``, whose paths are known, where they hold what they held; the others wait.

        What a path held before may be found elsewhere, which is known when all are read.
        """
        waiting, same = [], []
        for _, found in zip(range(count), looked, strict=False):
            row = known[found.entry.path]
            if found.content and found.content == row.content:
                same.append(_picture(self.gallery, found, row.pk))
            else:
                waiting.append(found)
                if row.content:
                    self.loose[row.content].append(row)
        self._write([], same)
        self.counts["unchanged"] += len(same)
        return waiting

    def _place(self, found: Iterable[Looked], known: dict[str, Known]) -> None:
        """Give each that was read its picture: a loose one of the same content, that of its path, or a new one."""
        new, old = [], []
        for looked, row in [(looked, self._taken_from_loose(looked.content)) for looked in found]:
            kind = "unreadable" if looked.reason else "moved" if row else "changed"
            row = row or self._still(known.get(looked.entry.path))
            if row is None:
                self.counts["new" if kind == "changed" else kind] += 1
                new.append(_picture(self.gallery, looked))
            else:
                self.counts[kind] += 1
                old.append(_picture(self.gallery, looked, row.pk))
        self._write(new, old)

    def _taken_from_loose(self, content: str) -> Known | None:
        rows = self.loose.get(content) if content else None
        return rows.pop() if rows else None

    def _still(self, row: Known | None) -> Known | None:
        """The picture of a path, unless it was found elsewhere."""
        if row is None:
            return None
        rows = self.loose.get(row.content, [])
        if row in rows:
            rows.remove(row)
            return row
        return None if row.content else row

    def _write(self, new: Sequence[Picture], old: Sequence[Picture]) -> None:
        with transaction.atomic():
            for picture in old:  # two may change places: both leave theirs first
                Picture.objects.filter(pk=picture.pk).exclude(path=picture.path).update(path=f"/{picture.pk}")
            Picture.objects.bulk_update(old, _FIELDS, batch_size=100)
            Picture.objects.bulk_create(new, batch_size=_AT_ONCE)

    def _vanish(self, rows: Iterable[Known]) -> None:
        left = {row.pk for rows in self.loose.values() for row in rows}
        gone = [row.pk for row in rows if (row.pk in left or not row.content) and row.state != Picture.State.VANISHED]
        for first in range(0, len(gone), _AT_ONCE):
            Picture.objects.filter(pk__in=gone[first : first + _AT_ONCE]).update(state=Picture.State.VANISHED)
        self.counts["vanished"] += len(gone)


def _known(gallery: Gallery) -> list[Known]:
    rows = Picture.objects.filter(gallery=gallery).order_by("pk")
    return [Known(*row) for row in rows.values_list("pk", "path", "content", "size", "changed", "category", "state")]


def _picture(gallery: Gallery, looked: Looked, pk: int | None = None) -> Picture:
    return Picture(
        pk=pk,
        gallery=gallery,
        path=looked.entry.path,
        content=looked.content,
        size=looked.state[0],
        changed=looked.state[1],
        width=looked.width,
        height=looked.height,
        taken=looked.taken,
        category=looked.entry.category,
        state=Picture.State.UNREADABLE if looked.reason else Picture.State.THERE,
        reason=looked.reason,
    )
