"""Exact search in a memory-mapped file against faiss.knn on arrays in memory, and what stays resident of it.

python benchmarks/exact.py           100 nearest of 10,000 queries among 1M x 128; some ten minutes on two cores
python benchmarks/exact.py --quick   a hundredth of the work, to see that it runs: short searches say little

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed. The vectors are made up, whole
numbers in clusters like SIFT descriptors, and are written to a temporary folder (512 MB). Time is taken in one process,
alternately; memory in a process that does nothing but map the file and search, its mapped pages counted.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import faiss
import numpy as np
import paired

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datasets.stored import formats
from datasets.vectors import exact

QUICK = "--quick" in sys.argv
GALLERY, QUERIES, DIMENSIONS, K = (100_000 if QUICK else 1_000_000), (1_000 if QUICK else 10_000), 128, 100
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
    command = [sys.executable, __file__, SEARCH, str(folder)]
    if QUICK:
        command.append("--quick")
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def peak_gigabytes() -> float:
    """Of this process since it was started; what getrusage says begins with its parent's."""
    kilobytes = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())[1]
    return int(kilobytes) * 1024 / 1e9


def main() -> None:
    """Print a line for memory, one for time, and the verdict."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        formats.write(folder / "queries.fvecs", made_up(QUERIES, 1))
        formats.write(folder / "gallery.fvecs", made_up(GALLERY, 2))
        size = f"{QUERIES} queries among {GALLERY}x{DIMENSIONS}, k {K}"
        memory = {"case": "exact.resident_gigabytes", "size": size, "ours": round(resident_gigabytes(folder), 2)}
        print(json.dumps(memory | {"at_most": GIGABYTES_AT_MOST}), flush=True)
        queries, gallery = (np.array(formats.read(folder / f"{part}.fvecs")) for part in ("queries", "gallery"))
        as_fast = paired.compare(
            "exact.mapped_against_memory",
            lambda: search(folder),
            lambda: faiss.knn(queries, gallery, K),
            rounds=3,
            at_least=round(1 / SLOWER_AT_MOST, 3),
            size=size,
            threads=faiss.omp_get_max_threads(),
        )
    paired.finish([memory["ours"] <= GIGABYTES_AT_MOST, as_fast])


if __name__ == "__main__":
    if SEARCH in sys.argv:
        search(Path(sys.argv[sys.argv.index(SEARCH) + 1]))
        print(peak_gigabytes())
    else:
        main()
