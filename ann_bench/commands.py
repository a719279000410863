"""The commands by name: each a function and the dataclass of its options."""

from collections.abc import Callable
from typing import Any

from ann_bench import options
from ann_bench.scale import disk_build
from ann_bench.sweep import run
from ann_bench.tuning import growth, tune
from ann_bench.tuning.options import TuneOptions
from ann_bench.views import export, listing, plot, recommend, runbook, table

COMMANDS: dict[str, tuple[Callable[[Any], None], type]] = {
    "list": (listing.main, listing.ListOptions),
    "run": (run.main, options.RunOptions),
    "tune": (tune.main, TuneOptions),
    "build": (disk_build.main, disk_build.BuildOptions),
    "plot": (plot.main, plot.PlotOptions),
    "table": (table.main, table.TableOptions),
    "recommend": (recommend.main, recommend.RecommendOptions),
    "growth": (growth.main, growth.GrowthOptions),
    "export": (export.main, export.ExportOptions),
    "runbook": (runbook.main, runbook.RunbookOptions),
}


def describe(program: str) -> str:
    """What the commands do, a line each."""
    lines = [f"  {name:10} {(options.__doc__ or '').splitlines()[0]}" for name, (_, options) in COMMANDS.items()]
    return "\n".join([f"usage: {program} COMMAND [FLAGS]; every COMMAND knows --help", "", *lines])
