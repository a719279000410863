"""Train binary codes: HashNet, Deep Cauchy Hashing, triplet hashing and others.

python scripts/train_hash.py                                                   built-in glyphs, on the CPU
python scripts/train_hash.py --method=hashnet --bits=48 --data=coco --model=alexnet --gpus=0
python scripts/train_hash.py --exp_name CUB_32 --code_size 32 --triplet_margin 8 --dataset_name CUB_200_2011
"""

from dataclasses import dataclass

import command

from hashing import recipes
from hashing.options import HashOptions
from hashing.train import train


@dataclass(frozen=True, kw_only=True)
class TrainHashOptions(HashOptions):
    """Train binary codes: HashNet, Deep Cauchy Hashing, triplet hashing and others."""


def main(options: TrainHashOptions) -> None:
    """Train, judge and report."""
    train(options)


if __name__ == "__main__":
    command.main(main, TrainHashOptions, defaults=recipes.with_recipe)
