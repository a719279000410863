"""The benchmark of indexes, by another name: what python -m ann_bench does.

python scripts/bench.py run --data=photo_sift --index=hnswlib
"""

import sys

import command

from ann_bench.__main__ import main

if __name__ == "__main__":
    main(sys.argv[1:], program=command.program or "python -m ann_bench")
