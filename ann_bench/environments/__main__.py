"""python -m ann_bench.environments scann: make the environment that a library needs for itself."""

import sys
from collections.abc import Sequence

from ann_bench.environments.environment import Environment
from datasets.errors import InputError, unknown


def main(words: Sequence[str]) -> None:
    """Make what the words name; exit code 2 and one line where that cannot be."""
    names = [path.stem for path in sorted(Environment("").wanted.parent.glob("*.txt"))]
    try:
        if not words:
            raise InputError(f"say which: {', '.join(names)}")
        for name in words:
            if name not in names:
                raise unknown("environment", name, names)
            place = Environment(name)
            print(f"making {place.folder}: a minute or two", flush=True)
            place.make()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
