"""Tracks, one file a way of asking besides the k nearest of a gallery that stays as it is.

The contract: a file ``<name>.py`` ends with ``Track = <its class>``, a subclass of ``base.Track``. What is bulky in a
track stands in a room of its own under this one.
"""

from pathlib import Path

from ann_bench.tracks.base import Track, TrackFlags
from datasets import plugins
from datasets.vectors.base import VectorSet

_FOLDER = plugins.Folder(__name__, kind="track")
names, get = _FOLDER.names, _FOLDER.get


def of(flags: TrackFlags, vector_set: VectorSet, k: int, *, cache: Path, seed: int) -> Track | None:
    """The track that the flags name, over a set; None where they name none."""
    return get(flags.track).Track(flags, vector_set, k, cache=cache, seed=seed) if flags.track else None
