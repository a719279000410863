"""Train an embedding with margin loss and distance-weighted sampling (Wu et al. 2017).

python scripts/train_margin.py                                                  built-in glyphs, on the CPU
python scripts/train_margin.py --data=cub200 --data-path=data/CUB_200_2011 --use-pretrained=resnet50.pth --gpus=0
"""

from dataclasses import dataclass

import command

from embedding import recipes
from embedding.options import TrainOptions
from embedding.train import train_with


@dataclass(frozen=True, kw_only=True)
class MarginOptions(TrainOptions):
    """Train an embedding with margin loss and distance-weighted sampling (Wu et al. 2017)."""

    margin: float = 0.2
    """Alpha: how far on the right side of beta a distance must lie to cost nothing."""
    beta: float = 1.2
    """First value of every class's beta, the distance between positives and negatives."""
    nu: float = 0.0
    """Weight of the sum of beta in the loss."""
    lr_beta: float = 0.1
    """Learning rate of beta."""


def main(options: MarginOptions) -> None:
    """Train, judge and report."""
    own = {name: getattr(options, name) for name in ("margin", "beta", "nu", "lr_beta")}
    train_with(options, "margin", **own)


if __name__ == "__main__":
    command.main(main, MarginOptions, defaults=lambda options: recipes.with_recipe(options, "margin"))
