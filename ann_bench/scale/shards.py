"""Indexes larger than memory, in Faiss's own way: trained once, filled shard by shard, merged into lists on disk.

Every step can be a process of its own, and every shard a machine of its own that sees the same folder. What is
finished is on disk and is not done again.
"""

import json
import time
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from tqdm import tqdm

from ann_bench import limits
from ann_bench.indexes import faiss_float
from ann_bench.indexes.faiss_float import FaissFloat
from ann_bench.results.saved_index import Saved
from datasets.errors import InputError
from datasets.files.whole import beside
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

BLOCK = 1 << 16  # gallery rows in memory at a time

_PLAN, _TRAINED = "plan.json", "trained.faiss"


def check(index: FaissFloat) -> None:
    """Raises InputError where such an index has no lists that could lie on disk."""
    if not isinstance(index, FaissFloat) or not index.in_shards:
        kinds = (
            "inverted lists of rows or codes can: IVF or IMI with Flat, PQ or SQ, without x4fs, +refinement or RFlat"
        )
        raise InputError(f"--build={index.build}: cannot be built in shards; {kinds}")


def train(index: FaissFloat, vector_set: VectorSet, folder: Path) -> Path:
    """Train ``index`` on a sample of the gallery and write it, empty, to ``folder``, with all that the shards need.

    Raises InputError where such an index has no lists that could lie on disk, or where the folder holds another one.
    """
    check(index)
    folder.mkdir(parents=True, exist_ok=True)
    plan = {name: getattr(index, name) for name in ("build", "dim", "metric", "count", "seed")}
    plan |= {"fingerprint": vector_set.fingerprint()}
    trained = folder / _TRAINED
    if (folder / _PLAN).exists():
        _check(_read(folder / _PLAN), plan, folder)
        return trained
    limits.forget_peak()
    start = time.perf_counter()
    if index.training_rows:
        sample = rows.sample(vector_set.gallery, index.training_rows, seed=index.seed)
        index.train(rows.prepared(sample, index.metric))
        del sample
    _write_whole(index.made(), trained)
    _write_json(folder / _PLAN, plan | _took(start))
    return trained


def _check(plan: dict[str, Any], wanted: dict[str, Any], folder: Path) -> None:
    for name, value in wanted.items():
        if plan[name] != value:
            raise InputError(
                f"{folder}: was begun with {name} {plan[name]}, not {value}; remove it, or go on with that"
            )


def add_shard(folder: Path, vector_set: VectorSet, part: int, of: int) -> Path:
    """Add the ``part``-th (from 0) of ``of`` equal parts of the gallery to the trained index, in a file of its own.

    The ids are those in the whole gallery. Raises InputError where nothing is trained, or for another set of vectors.
    """
    plan, shard = _read_plan(folder), _shard(folder, part, of)
    _check(plan, {"fingerprint": vector_set.fingerprint()}, folder)
    if shard.with_suffix(".json").exists():
        return shard
    limits.forget_peak()
    start = time.perf_counter()
    index = faiss.read_index(str(folder / _TRAINED), faiss.IO_FLAG_SKIP_PRECOMPUTE_TABLE)  # searching needs the table
    first, end = (len(vector_set.gallery) * number // of for number in (part, part + 1))
    with tqdm(total=end - first, unit="row", unit_scale=True, desc=shard.stem, disable=None) as bar:
        for offset, block in rows.blocks(vector_set.gallery[first:end], BLOCK):
            ids = np.arange(first + offset, first + offset + len(block))
            index.add_with_ids(rows.prepared(block, plan["metric"]), ids)
            bar.update(len(block))
    _write_whole(index, shard)
    _write_json(shard.with_suffix(".json"), _took(start))
    return shard


def merge(folder: Path, of: int, to: Path | None = None) -> Path:
    """Merge the lists of all ``of`` shards on disk; ``Index.load`` reads the folder ``to``, <folder>/merged.

    Raises InputError naming the shards that are missing.
    """
    plan, shards = _read_plan(folder), _finished(folder, of)
    saved = Saved(to or folder / "merged")
    if saved.exists:
        return saved.path
    limits.forget_peak()
    start = time.perf_counter()
    part = saved.cleared_part()
    part.mkdir(parents=True)
    _merge_lists(folder / _TRAINED, shards, part)
    notes = [plan, *(_read(shard.with_suffix(".json")) for shard in shards), _took(start)]
    facts = {"build_threads": faiss.omp_get_max_threads(), "shards": len(shards), "keep": True}
    facts |= {"build_seconds": sum(note["seconds"] for note in notes)}
    saved.finish(facts | {"build_peak_bytes": max(note["peak_bytes"] for note in notes)})
    return saved.path


def _merge_lists(trained: Path, shards: list[Path], to: Path) -> None:
    """The trained index over the lists of all shards, one after another, in a file beside it.

    As faiss.contrib.ondisk does, but without IndexIVFPQ's tables, which would be in memory once a shard.
    """
    lean = faiss.IO_FLAG_SKIP_PRECOMPUTE_TABLE
    index, *full = [faiss.read_index(str(trained), lean)] + [
        faiss.read_index(str(shard), lean | faiss.IO_FLAG_MMAP) for shard in shards
    ]
    ivf, filled = faiss.extract_index_ivf(index), [faiss.extract_index_ivf(shard) for shard in full]
    lists = faiss.OnDiskInvertedLists(ivf.nlist, ivf.code_size, str(to / "merged.ivfdata"))
    sources = faiss.InvertedListsPtrVector()
    for shard in filled:
        sources.push_back(shard.invlists)
    index.ntotal = ivf.ntotal = lists.merge_from_multiple(sources.data(), sources.size(), False)
    ivf.replace_invlists(lists, False)  # both live until the index is written
    faiss.write_index(index, str(to / faiss_float.MERGED))


def _shard(folder: Path, part: int, of: int) -> Path:
    return folder / f"shard-{part}-of-{of}.faiss"


def _finished(folder: Path, of: int) -> list[Path]:
    """All shards, in the order of their rows."""
    missing = [str(part) for part in range(of) if not _shard(folder, part, of).with_suffix(".json").exists()]
    if missing:
        raise InputError(f"{folder}: lacks of {of} shards {', '.join(missing)}; add them before merging")
    return [_shard(folder, part, of) for part in range(of)]


def _took(start: float) -> dict[str, float]:
    return {"seconds": time.perf_counter() - start, "peak_bytes": limits.peak()}


def _write_whole(index: faiss.Index, path: Path) -> None:
    with beside(path) as part:
        faiss.write_index(index, str(part))


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with beside(path) as part:
        part.write_text(json.dumps(content, indent=1))


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def _read_plan(folder: Path) -> dict[str, Any]:
    if not (folder / _PLAN).exists():
        raise InputError(f"{folder}: nothing is trained there yet; train first, then add shards")
    return _read(folder / _PLAN)
