"""Turn a vectors file or a run into a report: scores, maps, nearest images, training curves.

python scripts/report.py --vectors runs/glyphs-margin
"""

from dataclasses import dataclass
from pathlib import Path

import command

from datasets.errors import InputError
from datasets.stored import vectors_file as file
from datasets.vectors.base import VectorSet
from embedding.report.page import write_report
from embedding.reranking import verify
from hashing.report.page import write_hash_report
from vse.evaluation.scores import CAPTIONS
from vse.report.page import write_pairs_report


@dataclass(frozen=True)
class ReportOptions:
    """Turn a vectors file or a run into a report: scores, maps, nearest images, training curves."""

    vectors: Path
    """A vectors file, or a run folder that holds vectors.h5."""
    out: Path | None = None
    """The folder to write the report to; report/ beside the vectors file by default."""
    seed: int = 0
    """Of the maps, of the images on them and of the queries shown."""
    rerank: str = "0"
    """So many answers of the queries shown are compared with them by local features, such as 100, and what matches is
    drawn; with floor and weight of what matches, 100:4:0.3; 0 for none."""


def main(options: ReportOptions) -> None:
    """Write the report and print where it is."""
    if options.seed < 0:
        raise InputError(f"--seed={options.seed}: must be 0 or above")
    first, verification = verify.parsed(options.rerank, "--rerank")
    vectors_file = file.file_of(command.there("--vectors", options.vectors))
    metrics_file = vectors_file.with_name("metrics.jsonl")
    how = {"metrics_file": metrics_file if metrics_file.exists() else None, "seed": options.seed}
    folder = options.out or vectors_file.parent / "report"
    vectors = file.load(vectors_file)
    if first:
        _check_pictures(vectors, f"--rerank={options.rerank}: compares pictures with pictures, and {vectors_file}")
    if vectors.metric == "hamming":
        page = write_hash_report([vectors_file], folder, **how)
    elif vectors.attrs.get("queries") == CAPTIONS:
        page = write_pairs_report(vectors_file, folder, **how)
    else:
        page = write_report(vectors_file, folder, rerank=first, verification=verification, **how)
    print(f"report: {page}")


def _check_pictures(vectors: VectorSet, what: str) -> None:
    if vectors.metric == "hamming" or vectors.attrs.get("queries") == CAPTIONS:
        raise InputError(f"{what} holds {'codes' if vectors.metric == 'hamming' else 'sentences'}; leave it out")
    if not vectors.query_paths or not vectors.gallery_paths:
        raise InputError(f"{what} does not tell their names; leave it out")


if __name__ == "__main__":
    command.main(main, ReportOptions)
