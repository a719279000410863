"""Train binary codes of pictures and texts alike: deep cross-modal hashing.

python scripts/train_cross.py                                                  built-in scenes, on the CPU
python scripts/train_cross.py --data=wiki --data-path=wiki --method=cmhh --bits=64
python scripts/train_cross.py --data=pairs --data-path=news --use-pretrained=efficientnet_lite0
"""

from dataclasses import dataclass

import command

from hashing.cross.options import CrossOptions
from hashing.cross.train import train


@dataclass(frozen=True, kw_only=True)
class TrainCrossOptions(CrossOptions):
    """Train binary codes of pictures and texts alike: deep cross-modal hashing."""


def main(options: TrainCrossOptions) -> None:
    """Train, judge and report."""
    train(options)


if __name__ == "__main__":
    command.main(main, TrainCrossOptions)
