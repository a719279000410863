"""What the commands of losses with an adversarial form can be told about it."""

from dataclasses import dataclass
from typing import Any, ClassVar

from datasets.errors import InputError
from embedding.options import TrainOptions

OWN = ("lambda_1", "lambda_2", "lambda_m", "lambda_real", "adv_margin", "adv_warm_up", "lr_generator")
PREFIX = "adversarial_"


@dataclass(frozen=True, kw_only=True)
class AdversarialOptions(TrainOptions):
    """Options of training with the losses that synthetic negatives are made for."""

    LOSSES: ClassVar[tuple[str, ...]] = ("contrastive", "lifted", "npair", "triplet")

    adversarial: bool = False
    """Negatives made by a generator that learns against the embedding (DAML, Duan et al. 2018)."""
    lambda_1: float | None = None
    """With --adversarial: how near synthetic negatives stay to the true ones; 5 if not given."""
    lambda_2: float | None = None
    """With --adversarial: how much it counts that they lie inside the margin; 1 if not given."""
    lambda_m: float | None = None
    """With --adversarial: weight of the loss with synthetic negatives, the paper's lambda; 1 if not given."""
    lambda_real: float | None = None
    """With --adversarial: weight of the loss with the batch's own negatives beside it; 1 if not given."""
    adv_margin: float | None = None
    """With --adversarial: the margin that they are to lie inside of, of squared distances; 1 if not given."""
    adv_warm_up: int | None = None
    """With --adversarial: epochs that the embedding trains without, while the generator learns; 4 if not given."""
    lr_generator: float | None = None
    """With --adversarial: learning rate of the generator; 1e-3 if not given."""

    def check(self) -> None:
        """Raises InputError where an option is out of its range, or one of the generator's has no generator."""
        super().check()
        if not self.adversarial and self.of_generator:
            name, value = next(iter(self.of_generator.items()))
            raise InputError(f"--{name.replace('_', '-')}={value}: is of synthetic negatives; add --adversarial")

    @property
    def of_generator(self) -> dict[str, Any]:
        """What was said of the generator and its game, by name."""
        return {name: getattr(self, name) for name in OWN if getattr(self, name) is not None}

    def named(self, loss: str) -> str:
        """The name of ``loss`` as it is to be trained; raises InputError where it has no adversarial form."""
        if not self.adversarial:
            return loss
        if loss not in self.LOSSES:
            raise InputError(f"--adversarial: {loss} has no such form, only {', '.join(self.LOSSES)}; leave it out")
        return PREFIX + loss
