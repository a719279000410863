"""Runbook: the steps of a stream over a set, in a table; and a made one as the YAML that others read."""

from dataclasses import dataclass, fields
from pathlib import Path

from ann_bench.tracks import stream
from datasets.runbooks import yaml_file
from datasets.runbooks.history import History
from datasets.runbooks.runbook import OPERATIONS
from datasets.sources.vector_source import Source


@dataclass(frozen=True, kw_only=True)
class RunbookOptions(Source):
    """Show which rows come, go and are searched for in a stream, or write it as the YAML of big-ann-benchmarks."""

    runbook: str = "expiry"
    """A YAML file, or a made one: window:0.5, growing:0.2, expiry:0.3 or drift:0.5."""
    runbook_set: str = ""
    """Whose steps of the file, where they do not stand under the name of the set and there are several."""
    seed: int = 0
    """Of what is drawn in a made one; as of `run`."""
    to: Path | None = None
    """The file to write, .yaml; only shown if not given."""

    def source(self) -> Source:
        """Which vectors, and nothing else."""
        return Source(**{field.name: getattr(self, field.name) for field in fields(Source)})


def main(options: RunbookOptions) -> None:
    """Print a line a step and one of all; or write the file."""
    vector_set = options.source().load()
    found = stream.follow(options.runbook, vector_set, seed=options.seed, only=options.runbook_set)
    if options.to:
        files = yaml_file.write(options.to, found.runbook, vector_set.name, int(found.alive.max()))
        print(f"{counts(found)}: {', '.join(map(str, files))}")
        return
    print(f"{'step':>5}  {'rows alive':>12}  what")
    for place, (step, alive) in enumerate(zip(found.steps, found.alive, strict=True), 1):
        print(f"{place:5}  {alive:12,}  {step.told}")
    print(f"{found.runbook.name} of {vector_set.name}: {counts(found)}")


def counts(found: History) -> str:
    """ "62 steps (20 insert, 20 delete, 0 replace, 21 search), 100,000 rows come, at most 52,500 are there" """
    operations = [step.operation for step in found.steps]
    of_each = ", ".join(f"{operations.count(name)} {name}" for name in OPERATIONS if name in operations)
    come = f"{len(found.rows):,} rows come, at most {found.alive.max():,} are there"
    return f"{len(operations)} steps ({of_each}), {come}"
