"""python -m ann_bench list | run | tune | build | plot | table | recommend ...: each with its own --help."""

import sys
from collections.abc import Sequence

from ann_bench import start

if __name__ == "__main__":
    start.begin()

from ann_bench.commands import COMMANDS, describe
from datasets import command


def main(words: Sequence[str], *, program: str = "python -m ann_bench") -> None:
    """Call the command that the first word names with the others; ``program`` is what help calls all of them."""
    function, options = command.choose(words, COMMANDS, describe(program))
    command.main(function, options, words[1:], name=f"{program} {words[0]}")


if __name__ == "__main__":
    main(sys.argv[1:])
