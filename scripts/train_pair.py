"""Train an embedding with a loss over pairs of a batch: contrastive, lifted or multi_similarity.

python scripts/train_pair.py --loss=multi_similarity                           built-in glyphs, on the CPU
python scripts/train_pair.py --loss=lifted --adversarial                       on synthetic negatives
python scripts/train_pair.py --loss=contrastive --neg-margin=0.5 --data=cub200 --use-pretrained=resnet50.pth --gpus=0
"""

from dataclasses import dataclass

import command
from adversarial import AdversarialOptions

from datasets.errors import InputError
from embedding import recipes
from embedding.train import train_with

LOSSES = ("contrastive", "lifted", "multi_similarity")
OWN = ("pos_margin", "neg_margin", "margin", "alpha", "beta", "base", "epsilon")


@dataclass(frozen=True, kw_only=True)
class PairOptions(AdversarialOptions):
    """Train an embedding with a loss over pairs of a batch."""

    loss: str = "multi_similarity"
    """contrastive, lifted or multi_similarity."""
    pos_margin: float | None = None
    """Distance below which positives cost nothing in contrastive; 0 if not given."""
    neg_margin: float | None = None
    """Distance above which negatives cost nothing in contrastive; 1 if not given."""
    margin: float | None = None
    """Margin of lifted; 1 if not given."""
    alpha: float | None = None
    """How sharply multi_similarity weighs positives; 2 if not given."""
    beta: float | None = None
    """How sharply multi_similarity weighs negatives; 50 if not given."""
    base: float | None = None
    """Cosine that multi_similarity weighs around, the paper's lambda; 0.5 if not given."""
    epsilon: float | None = None
    """How much easier than the hardest a pair may be to be used in multi_similarity; 0.1 if not given."""

    def check(self) -> None:
        """Raises InputError where an option is out of its range or there is no such loss."""
        super().check()
        if self.loss not in LOSSES:
            raise InputError(f"--loss={self.loss}: must be one of {', '.join(LOSSES)}")


def main(options: PairOptions) -> None:
    """Train, judge and report."""
    own = {name: getattr(options, name) for name in OWN}
    train_with(options, options.named(options.loss), **own, **options.of_generator)


if __name__ == "__main__":
    command.main(main, PairOptions, defaults=lambda options: recipes.with_recipe(options, options.named(options.loss)))
