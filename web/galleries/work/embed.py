"""Embed: a version of a gallery gets a snapshot of all pictures that are there; only new contents are embedded."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from datasets.errors import InputError
from datasets.files import contents as files
from datasets.files.whole import own_beside
from datasets.images.pixels import Unreadable
from web.galleries.models import Gallery, Picture, Version
from web.galleries.scanning.scan import Tell
from web.galleries.sources import opened
from web.galleries.sources.base import Source, told
from web.galleries.work import given, pieces
from web.galleries.work.pieces import Found, Wanted
from web.serving import network as networks
from web.serving import snapshot
from web.serving.network import Network
from web.serving.snapshot import Snapshot

_THREADS = max(1, min(4, (os.cpu_count() or 2) - 1))
_MANY = 500


@dataclass(frozen=True, slots=True)
class There:
    """A picture that is to be found."""

    pk: int
    path: str
    content: str
    state: tuple[int, int]


def embed(version: Version, tell: Tell) -> int:
    """Embed what has no vector yet, write a snapshot and switch to it; returns how many files changed meanwhile.

    A gallery's first version that is ready answers from then on. Raises InputError where the network cannot be opened,
    or nothing can be read or written.
    """
    source, there = opened.finder(version.gallery.source), _there(version)
    network = networks.opened(version.spec)
    vectors = given.vectors(version, source, network) or _kept(version, network)
    made = _made(version, network, source, there, vectors, tell)
    _note_unreadable(there, made)
    vectors |= made.vectors
    rows = [row for row in there if row.content in vectors]
    if not rows:
        raise InputError(f"{version.gallery}: none of its {len(there):,} pictures can be read; mend them")
    if _is_new(version, network, rows):
        tell(len(rows), len(rows), "index")
        _publish(version, network, rows, vectors)
    shutil.rmtree(version.folder / "pieces", ignore_errors=True)
    return sum(row.content not in vectors and row.content not in made.reasons for row in there)


def _there(version: Version) -> list[There]:
    """By their numbers, as a snapshot has them."""
    rows = Picture.objects.filter(gallery=version.gallery, state=Picture.State.THERE).exclude(content="")
    named = rows.order_by("pk").values_list("pk", "path", "content", "size", "changed")
    return [There(pk, path, content, (size, changed)) for pk, path, content, size, changed in named]


def _kept(version: Version, network: Network) -> dict[str, np.ndarray]:
    """The rows of the version's snapshot by content; none where another network made them."""
    if not version.snapshot or version.fingerprint != network.facts.network:
        return {}
    try:
        names = np.load(_contents(version, version.snapshot)).tolist()
        kept = Snapshot.open(version.snapshot_folder)
        rows = kept.unit_rows(np.arange(len(kept)))
    except (InputError, OSError, ValueError, EOFError):  # lost, or none of ours: they are made again
        return {}
    return dict(zip(names, rows, strict=True)) if len(names) == len(rows) else {}


def _made(
    version: Version, network: Network, source: Source, there: list[There], kept: dict[str, np.ndarray], tell: Tell
) -> Found:
    """What is not ``kept`` embedded, from where earlier starts have left it."""
    folder = version.folder / "pieces"
    found = pieces.read(folder, network, files.state)
    wanted = [row for row in there if row.content not in kept]
    todo = {row.content: row for row in wanted if row.content not in found.vectors and row.content not in found.reasons}
    if todo:
        done, total = len(there) - len(todo), len(there)
        tell(done, total, "embed")

        def look(count: int) -> None:
            nonlocal done
            done += count
            tell(min(done, total), total, "embed")

        pieces.make(folder, network, _placed(source, todo.values()), look, threads=_THREADS)
        found = pieces.read(folder, network, files.state)
    if found.vectors:
        found.vectors = dict(zip(found.vectors, network.unit(np.stack([*found.vectors.values()])), strict=True))
    return found


def _placed(source: Source, rows: Iterable[There]) -> list[Wanted]:
    placed = []
    for row in rows:
        try:
            placed.append(Wanted(row.content, source.place(row.path), row.state))
        except Unreadable:  # it is gone, or leads elsewhere now
            continue
    return placed


def _note_unreadable(there: list[There], made: Found) -> None:
    for row in there:
        if row.content in made.reasons:
            reason = told(made.reasons[row.content])
            Picture.objects.filter(pk=row.pk).update(state=Picture.State.UNREADABLE, reason=reason)


def _is_new(version: Version, network: Network, rows: list[There]) -> bool:
    """Whether the snapshot that stands there holds anything else than ``rows``."""
    if not version.snapshot or version.fingerprint != network.facts.network:
        return True
    try:
        ids, names = Snapshot.open(version.snapshot_folder).ids, np.load(_contents(version, version.snapshot))
    except (InputError, OSError, ValueError, EOFError):
        return True
    return ids.tolist() != [row.pk for row in rows] or names.tolist() != [row.content for row in rows]


def _publish(version: Version, network: Network, rows: list[There], vectors: dict[str, np.ndarray]) -> None:
    """Write the next snapshot, switch to it, and remove those before the last."""
    version.folder.mkdir(parents=True, exist_ok=True)
    number, before = _next(version), version.snapshot
    try:
        with own_beside(_contents(version, number)) as part, part.open("wb") as file:
            np.save(file, np.array([row.content for row in rows]))
        ids, made = np.array([row.pk for row in rows], np.int64), np.stack([vectors[row.content] for row in rows])
        folder, name = version.folder / f"snapshot-{number}", version.gallery.slug
        how = {"name": name, "network": network.facts.network, "codes": network.facts.codes}
        snapshot.write(folder, ids, made, **how)
    except OSError as error:
        raise InputError(f"{version.folder}: cannot be written, make room ({error.strerror or error})") from None
    facts = network.facts
    version.snapshot, version.state, version.dim = number, Version.State.READY, facts.dim
    version.fingerprint, version.similarity = facts.network, facts.similarity
    version.save(update_fields=["snapshot", "state", "dim", "fingerprint", "similarity"])
    Gallery.objects.filter(pk=version.gallery_id, active=None).update(active=version)  # somebody may have switched
    _clean(version, {number, before})


def _next(version: Version) -> int:
    """A number that no snapshot has had, of a killed process either."""
    taken = [int(path.name.split("-")[1].split(".")[0]) for path in version.folder.glob("snapshot-[0-9]*")]
    return 1 + max([version.snapshot, *taken])


def _clean(version: Version, stay: set[int]) -> None:
    """Remove older snapshots; the one before the last may still be about to be opened."""
    for path in [*version.folder.glob("snapshot-[0-9]*"), *version.folder.glob("contents-[0-9]*")]:
        number = path.name.split("-")[1].split(".")[0]
        if int(number) not in stay:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _contents(version: Version, number: int) -> Path:
    return version.folder / f"contents-{number}.npy"
