"""The benchmark of indexes, by another name: what python -m ann_bench does.

python scripts/bench.py run --data=photo_sift --index=hnswlib
"""

import sys

import command  # noqa: F401  finds the packages

from ann_bench.__main__ import main

if __name__ == "__main__":
    main(sys.argv[1:])
