"""Exact search in a memory-mapped file against faiss.knn on arrays in memory, and what stays resident of it.

python benchmarks/exact.py           100 nearest of 10,000 queries among 1M x 128; some four minutes on two cores
python benchmarks/exact.py --quick   a part of the work, to see that it runs: short searches say little

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed. The vectors are made up, whole
numbers in clusters like SIFT descriptors, and are written to a temporary folder (512 MB). Time is taken in one process,
alternately; memory in a process that does nothing but map the file and search, its mapped pages counted.
"""

import sys
import tempfile
from pathlib import Path

import faiss
import numpy as np
import paired
import verdicts

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datasets.stored import formats
from datasets.vectors import exact

QUICK = "--quick" in sys.argv
GALLERY, QUERIES, DIMENSIONS, K = (100_000 if QUICK else 1_000_000), (4_000 if QUICK else 10_000), 128, 100
SLOWER_AT_MOST = 1.05
GIGABYTES_AT_MOST = 1.5
SEARCH = "--search"  # what the process is called with whose memory is measured


def made_up(count: int, seed: int) -> np.ndarray:
    """Whole numbers from 0 to 218 around a thousand centres, most of them small."""
    centres = np.random.default_rng(0).gamma(0.6, 45, (1000, DIMENSIONS)).astype(np.float32)
    rng = np.random.default_rng(seed)
    vectors = centres[rng.integers(0, len(centres), count)]
    vectors += 20 * rng.standard_normal(vectors.shape, np.float32)
    return np.rint(vectors, out=vectors).clip(0, 218, out=vectors)


def search(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Ours, from the files."""
    queries, gallery = (formats.read(folder / f"{part}.fvecs") for part in ("queries", "gallery"))
    return exact.search(queries, gallery, K)


def resident_gigabytes(folder: Path) -> float:
    """The peak of a process that searches once."""
    return paired.printed_by(__file__, SEARCH, str(folder), *(["--quick"] if QUICK else []))


def main() -> None:
    """Print a line for memory, one for time, and the verdict."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        formats.write(folder / "queries.fvecs", made_up(QUERIES, 1))
        formats.write(folder / "gallery.fvecs", made_up(GALLERY, 2))
        size = f"{QUERIES} queries among {GALLERY}x{DIMENSIONS}, k {K}"
        resident = round(resident_gigabytes(folder), 2)
        found = [verdicts.figure("exact.resident_gigabytes", resident, at_most=GIGABYTES_AT_MOST, size=size)]
        queries, gallery = (np.array(formats.read(folder / f"{part}.fvecs")) for part in ("queries", "gallery"))
        calls = {"ours": lambda: search(folder), "peer": lambda: faiss.knn(queries, gallery, K)}
        how = {"at_least": round(1 / SLOWER_AT_MOST, 3), "warm_up": QUICK}
        facts = {"size": size, "threads": faiss.omp_get_max_threads()}
        found.append(paired.compare("exact.mapped_against_memory", **calls, **how, **facts))
    verdicts.finish(found)


if __name__ == "__main__":
    if SEARCH in sys.argv:
        search(Path(sys.argv[sys.argv.index(SEARCH) + 1]))
        print(paired.own_gigabytes("VmHWM"))
    else:
        main()
