"""Served: the opened network and the opened snapshot of a version, kept while they are the newest."""

import functools
from dataclasses import dataclass
from pathlib import Path

from datasets.errors import InputError
from web.galleries.models import Gallery, Version
from web.serving import network
from web.serving.network import Network
from web.serving.snapshot import Snapshot


@dataclass(frozen=True)
class Served:
    """What answers for a version."""

    network: Network
    snapshot: Snapshot


def of_gallery(gallery: Gallery) -> Served:
    """What answers for a gallery now; raises InputError where nothing is ready yet."""
    if gallery.active is None or not gallery.active.snapshot:
        raise InputError(f"{gallery}: is not embedded yet; its pictures are searched when it is")
    return of_version(gallery.active)


def of_version(version: Version) -> Served:
    """What answers for a version that has a snapshot."""
    return Served(network.opened(version.spec), _snapshot(version.snapshot_folder))


@functools.lru_cache(maxsize=16)
def _snapshot(folder: Path) -> Snapshot:
    return Snapshot.open(folder)
