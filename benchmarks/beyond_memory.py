"""Memory of an index over 10 million vectors that lie in a file, and two shards of it merged against one process.

python benchmarks/beyond_memory.py

Makes a file of 10,000,000 x 96 float32 (3.8 GB; clustered, made up: neither memory nor identity depends on what they
show), then trains and adds them as OPQ32_96,IVF4096,PQ32np in one process, adds them again in two shards by two
processes at a time, merges those on disk, and searches both indexes, every step in a process of its own. Prints one
JSON line a step with its peak of resident memory, mapped files included, and a verdict last; exits with code 1 where a
step held more than 2 GB or the answers differ. --rows=100000 tries it out in a minute.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import verdicts
from verdicts import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ann_bench import limits
from ann_bench.indexes.faiss_float import FaissFloat
from ann_bench.scale import shards
from datasets.stored import from_file
from datasets.vectors import rows
from datasets.vectors.base import VectorSet

ROWS, DIMENSIONS, QUERIES, CLUSTERS = 10_000_000, 96, 1000, 10_000
BUILD = "OPQ32_96,IVF4096,PQ32np"
SHARDS, NPROBE, K = 2, 32, 10
GIGABYTES_AT_MOST = 2


def make(folder: Path, count: int) -> None:
    """Gallery and queries as fbin files: unit rows around random directions, some nearer and some farther."""
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(CLUSTERS, DIMENSIONS)).astype(np.float32)
    for name, size in (("gallery", count), ("queries", QUERIES)):
        path = folder / f"{name}.fbin"
        with open(f"{path}.part", "wb") as file:
            file.write(np.array([size, DIMENSIONS], "<u4").tobytes())
            for start in range(0, size, 1 << 16):
                few = min(1 << 16, size - start)
                block = centers[rng.integers(CLUSTERS, size=few)]
                block = block + rng.standard_normal((few, DIMENSIONS), np.float32)
                file.write((block / np.linalg.norm(block, axis=1, keepdims=True)).astype("<f4").tobytes())
        os.replace(f"{path}.part", path)


def opened(folder: Path) -> tuple[VectorSet, FaissFloat]:
    """The set in its files, and an empty index for it."""
    vector_set = from_file.load(folder / "gallery.fbin", queries=folder / "queries.fbin")
    count = len(vector_set.gallery)
    return vector_set, FaissFloat(BUILD, dim=DIMENSIONS, metric="euclidean", count=count)


def whole(folder: Path) -> None:
    """Train, add everything and save, all in this process; what is trained is also what the shards begin with."""
    vector_set, index = opened(folder)
    shards.train(index, vector_set, folder / "shards")
    for _, block in rows.blocks(vector_set.gallery, shards.BLOCK):
        index.add(block)
    index.finish()
    index.save(folder / "whole.faiss")


def search(folder: Path, saved: str) -> None:
    """Search in a saved index and keep what it answers, distances as Faiss gives them."""
    vector_set, index = opened(folder)
    index.load(folder / saved)
    index.tune(nprobe=NPROBE)
    distances, neighbors = index.made().search(rows.prepared(vector_set.queries, "euclidean"), K)
    np.savez(folder / f"{saved.split('.')[0].replace('/', '-')}.npz", neighbors=neighbors, distances=distances)


def step(folder: Path, words: list[str]) -> None:
    """One step in this process; its last line is what it took."""
    start = time.perf_counter()
    if words[0] == "make":
        make(folder, int(words[1]))
    elif words[0] == "whole":
        whole(folder)
    elif words[0] == "shard":
        shards.add_shard(folder / "shards", opened(folder)[0], int(words[1]), SHARDS)
    elif words[0] == "merge":
        shards.merge(folder / "shards", SHARDS)
    else:
        search(folder, words[1])
    print(json.dumps({"seconds": round(time.perf_counter() - start, 1), "gigabytes": round(limits.peak() / 1e9, 3)}))


def begin(folder: Path, *words: object) -> subprocess.Popen:
    """A step in a process of its own."""
    command = [sys.executable, __file__, f"--folder={folder}", "--step", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def end(process: subprocess.Popen, case: str) -> Verdict:
    """Wait for a step and print its line; whether it kept to the bar."""
    lines = process.communicate()[0].splitlines()
    if process.returncode:
        sys.exit(f"{case} ended with code {process.returncode}")
    took = json.loads(lines[-1])
    facts = {"at_most": GIGABYTES_AT_MOST, "seconds": took["seconds"]}
    return verdicts.figure(f"beyond_memory.{case}: gigabytes", took["gigabytes"], **facts)


def identical(folder: Path) -> Verdict:
    """Print whether both indexes gave the same answers, and say so."""
    answers = [np.load(folder / name) for name in ("whole.npz", "shards-merged.npz")]
    same = {name: float((answers[0][name] == answers[1][name]).mean()) for name in ("neighbors", "distances")}
    found = float((answers[0]["neighbors"] >= 0).mean())
    return verdicts.figure("beyond_memory.identical", min(*same.values(), found), at_least=1.0, found=found, **same)


def main() -> None:
    """All steps after each other, the shards beside each other."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", type=Path, default=Path("data/beyond_memory"))
    parser.add_argument("--step", nargs="+", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        step(given.folder, given.step)
        return
    folder = given.folder / str(given.rows)
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "gallery.fbin").exists() or not (folder / "queries.fbin").exists():
        end(begin(folder, "make", given.rows), "make")
    shutil.rmtree(folder / "shards", ignore_errors=True)
    told = [end(begin(folder, "whole"), "train_and_add")]
    running = [begin(folder, "shard", part) for part in range(SHARDS)]
    told += [end(process, f"shard_{part}") for part, process in enumerate(running)]
    told += [end(begin(folder, "merge"), "merge")]
    told += [end(begin(folder, "search", saved), f"search_{saved}") for saved in ("whole.faiss", "shards/merged")]
    verdicts.finish([*told, identical(folder)])


if __name__ == "__main__":
    main()
