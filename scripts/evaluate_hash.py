"""Score saved codes: mAP, precision and recall within a Hamming radius, a row a file; and a report where wanted.

python scripts/evaluate_hash.py --codes=runs/glyphs-hashnet-48
python scripts/evaluate_hash.py --codes=runs/a,runs/b/vectors.h5 --top=all,1000 --rules=thuml --report=codes_report
"""

from dataclasses import dataclass
from pathlib import Path

import command

from datasets.errors import InputError
from embedding.evaluation.table import aligned
from embedding.options import whole_numbers
from hashing.evaluation.lookup import code_bits
from hashing.evaluation.scores import Rules
from hashing.options import read_tops
from hashing.report import saved_codes
from hashing.report.page import write_scored

NOTHING = "queries with nothing to find"


@dataclass(frozen=True, kw_only=True)
class EvaluateHashOptions:
    """Score saved codes: mAP, precision and recall within a Hamming radius, a row a file; and a report where wanted."""

    codes: str
    """Vectors files of codes, or run folders that hold vectors.h5, with commas between them."""
    top: str = "all"
    """The R of mAP@R, such as all,1000."""
    radius: int = 2
    """Hamming radius of precision and recall."""
    n: str = "100,500,1000"
    """The N of precision@N."""
    rules: str = "expected"
    """How ties and queries without a hit count: expected or stable, which count such a query 0, thuml, or
    deephash-pytorch, as these repositories do."""
    report: Path | None = None
    """Folder to write a report page to: curves, bits, distances, queries with their nearest images."""
    seed: int = 0
    """Of the queries shown in the report."""


def main(options: EvaluateHashOptions) -> None:
    """Print the table, and write the report where one is asked for."""
    paths = [Path(part.strip()) for part in options.codes.split(",") if part.strip()]
    if not paths:
        raise InputError("--codes=: name vectors files of codes, or run folders, with commas between them")
    if options.seed < 0:
        raise InputError(f"--seed={options.seed}: must be 0 or above")
    rules = Rules.named(options.rules)
    asked = {"tops": read_tops(options.top), "radius": options.radius, "ns": whole_numbers("--n", options.n)}
    scored = saved_codes.score(list(dict.fromkeys(paths)), rules=rules, **asked)
    print(_table(scored))
    for one in scored:
        if nothing := int(one.scores.get(NOTHING, 0)):
            print(f"{one.name}: {NOTHING}: {nothing} of {len(one.vectors.queries)}")
    if options.report is not None:
        page = write_scored(scored, options.report, seed=options.seed, rules=rules, radius=options.radius)
        print(f"report: {page}")


def _table(scored: list[saved_codes.Scored]) -> str:
    """A row a file; of scores that some files only have, such as those of untrained galleries, the others have none."""
    names = list(dict.fromkeys(name for one in scored for name in one.scores if "@" in name))
    rows = [["", "bits", "queries", "gallery", *names]]
    for one in scored:
        sizes = (code_bits(one.vectors), len(one.vectors.queries), len(one.vectors.gallery))
        cells = [f"{one.scores[name]:.4f}" if name in one.scores else "-" for name in names]
        rows.append([one.name, *map(str, sizes), *cells])
    return aligned(rows, least=6)


if __name__ == "__main__":
    command.main(main, EvaluateHashOptions)
