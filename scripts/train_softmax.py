"""Train an embedding with a softmax loss: softmax (NormFace), center, asoftmax (SphereFace), arcface or cosface.

python scripts/train_softmax.py --loss=softmax                                 built-in glyphs, on the CPU
python scripts/train_softmax.py --loss=arcface --data=folder --data-path=faces --use-pretrained=resnet50.pth --gpus=0
"""

from dataclasses import dataclass

import command

from datasets.errors import InputError
from embedding import recipes
from embedding.options import TrainOptions
from embedding.train import train_with

LOSSES = ("softmax", "center", "asoftmax", "arcface", "cosface")
OWN = ("scale", "margin", "pull", "alpha", "lr_classes")


@dataclass(frozen=True, kw_only=True)
class SoftmaxOptions(TrainOptions):
    """Train an embedding with a loss of the softmax family."""

    loss: str = "arcface"
    """softmax, center, asoftmax, arcface or cosface."""
    scale: float | None = None
    """What cosines are multiplied by: of softmax (16 if not given), arcface and cosface (64)."""
    margin: float | None = None
    """Margin of arcface (0.5 radians if not given), cosface (0.35) and asoftmax (a whole number, 4)."""
    pull: float | None = None
    """Weight of the distances to the centres in center; 0.008 if not given."""
    alpha: float | None = None
    """Step of the centres in center; 0.5 if not given."""
    lr_classes: float | None = None
    """Learning rate of the class weights, which drops with the network's; 0.01 if not given."""

    def check(self) -> None:
        """Raises InputError where an option is out of its range or there is no such loss."""
        super().check()
        if self.loss not in LOSSES:
            raise InputError(f"--loss={self.loss}: must be one of {', '.join(LOSSES)}")


def main(options: SoftmaxOptions) -> None:
    """Train, judge and report."""
    train_with(options, options.loss, **{name: getattr(options, name) for name in OWN})


if __name__ == "__main__":
    command.main(main, SoftmaxOptions, defaults=lambda options: recipes.with_recipe(options, options.loss))
