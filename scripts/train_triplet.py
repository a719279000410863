"""Train an embedding with the batch-hard triplet loss (Hermans et al. 2017).

python scripts/train_triplet.py                                                built-in glyphs, on the CPU
python scripts/train_triplet.py --adversarial                                  the same on synthetic negatives
python scripts/train_triplet.py --recipe=paper --data=market1501 --use-pretrained=resnet50.pth --gpus=0
"""

from dataclasses import dataclass, replace

import command
from adversarial import AdversarialOptions

from datasets.errors import InputError
from embedding import recipes
from embedding.losses.triplet import MININGS
from embedding.train import train_with


@dataclass(frozen=True, kw_only=True)
class TripletOptions(AdversarialOptions):
    """Train an embedding with the batch-hard triplet loss (Hermans et al. 2017)."""

    mining: str = "hard"
    """Which triplets of a batch: hard (each anchor's farthest positive and nearest negative) or semi-hard."""
    margin: float | None = None
    """Margin of the hinge; 0.2 if not given."""
    soft: bool = False
    """The soft margin, log(1 + exp(d_ap - d_an)), in place of the hinge; with --no-unit as in the paper."""
    warm_up: int = 3
    """Epochs of semi-hard mining before hard mining begins: without, training can collapse to a point."""
    unit: bool = True
    """Train on embeddings of unit length, as they are judged; --no-unit for those of the head, as in the paper."""

    def check(self) -> None:
        """Raises InputError where an option is out of its range."""
        super().check()
        if self.mining not in MININGS:
            raise InputError(f"--mining={self.mining}: must be one of {', '.join(MININGS)}")
        if self.soft and self.margin is not None:
            raise InputError(f"--margin={self.margin}: the soft margin has none; leave it out, or add --no-soft")


def main(options: TripletOptions) -> None:
    """Train, judge and report."""
    if not options.soft and options.margin is None:
        options = replace(options, margin=0.2)
    own = {"margin": options.margin, "mining": options.mining, "warm_up": options.warm_up, "unit_rows": options.unit}
    train_with(options, options.named("triplet"), **own, **options.of_generator)


if __name__ == "__main__":
    command.main(main, TripletOptions, defaults=lambda options: recipes.with_recipe(options, options.named("triplet")))
