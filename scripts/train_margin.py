"""Train an embedding with margin loss and distance-weighted sampling (Wu et al. 2017).

python scripts/train_margin.py                                                  built-in glyphs, on the CPU
python scripts/train_margin.py --data=cub200 --data-path=data/CUB_200_2011 --use-pretrained=resnet50.pth --gpus=0
"""

from dataclasses import dataclass

import command

from embedding.losses.margin import MarginLoss
from embedding.options import TrainOptions
from embedding.train import train


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

    def make_loss(classes: int) -> MarginLoss:
        return MarginLoss(
            classes=classes,
            dim=options.embed_dim,
            batch_k=options.batch_k,
            margin=options.margin,
            beta=options.beta,
            nu=options.nu,
            lr_beta=options.lr_beta,
        )

    train(options, make_loss, loss_name="margin")


if __name__ == "__main__":
    command.main(main, MarginOptions)
