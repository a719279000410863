"""deepembedding COMMAND [FLAGS]: every script of this folder by its name, where they are installed."""

import ast
import runpy
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # where scripts find what they share

import command

from datasets.command import choose


def main() -> None:
    """Run the script that the first word names with the others."""
    script = choose(sys.argv[1:], command.SCRIPTS, describe())
    command.program = f"deepembedding {sys.argv.pop(1)}"
    runpy.run_path(str(script), run_name="__main__")


def bench() -> None:
    """The program ann-bench: what python -m ann_bench does."""
    command.program = "ann-bench"
    runpy.run_path(str(command.SCRIPTS["bench"]), run_name="__main__")


def describe() -> str:
    """What the commands do, a line each: the first of each script's docstring."""
    lines = [f"  {name:16} {_first_line(script)}" for name, script in command.SCRIPTS.items()]
    return "\n".join(["usage: deepembedding COMMAND [FLAGS]; every COMMAND knows --help", "", *lines])


def _first_line(script: Path) -> str:
    return (ast.get_docstring(ast.parse(script.read_text(encoding="utf-8"))) or "").splitlines()[0]


if __name__ == "__main__":
    main()
