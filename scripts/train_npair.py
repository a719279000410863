"""Train an embedding with the multi-class N-pair loss (Sohn 2016).

python scripts/train_npair.py                                                  built-in glyphs, on the CPU
python scripts/train_npair.py --adversarial                                    the same on synthetic negatives
python scripts/train_npair.py --recipe=paper --data=sop --use-pretrained=googlenet.pth --gpus=0
"""

from dataclasses import dataclass

import command
from adversarial import AdversarialOptions

from embedding import recipes
from embedding.train import train_with


@dataclass(frozen=True, kw_only=True)
class NPairOptions(AdversarialOptions):
    """Train an embedding with the multi-class N-pair loss (Sohn 2016)."""

    batch_k: int = 2
    """Images of each class in a batch; pairs in the paper."""
    l2_reg: float = 3e-3
    """Weight of the mean squared norm of the embeddings, which the loss itself does not bound."""


def main(options: NPairOptions) -> None:
    """Train, judge and report."""
    train_with(options, options.named("npair"), l2_reg=options.l2_reg, **options.of_generator)


if __name__ == "__main__":
    command.main(main, NPairOptions, defaults=lambda options: recipes.with_recipe(options, options.named("npair")))
