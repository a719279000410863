"""python -m ann_bench list | run | build | plot | table | recommend | export: each with its own --help."""

import sys
from collections.abc import Sequence

from ann_bench.commands import COMMANDS, describe
from datasets import command
from datasets.errors import unknown


def main(words: Sequence[str]) -> None:
    """Call the command that the first word names with the others."""
    if not words or words[0] in ("-h", "--help", "help"):
        print(describe())
        return
    if words[0] not in COMMANDS:
        print(f"error: {unknown('command', words[0], COMMANDS)}", file=sys.stderr)
        sys.exit(2)
    function, options = COMMANDS[words[0]]
    command.main(function, options, words[1:], name=f"python -m ann_bench {words[0]}")


if __name__ == "__main__":
    main(sys.argv[1:])
