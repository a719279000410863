"""Train several losses alike, with several seeds each, and print one table.

python scripts/compare_losses.py                                               every loss on built-in glyphs
python scripts/compare_losses.py --adversarial                                 four of them on synthetic negatives, too
python scripts/compare_losses.py --losses=margin,triplet --data=cub200 --use-pretrained=resnet50.pth --cache-features
"""

import dataclasses
from dataclasses import dataclass

import command
from adversarial import PREFIX, AdversarialOptions

from datasets.errors import InputError, unknown
from embedding import losses
from embedding.compare import compare
from embedding.options import TrainOptions


@dataclass(frozen=True, kw_only=True)
class CompareOptions(TrainOptions):
    """Train several losses alike, with several seeds each, and print one table."""

    losses: str = "all"
    """Names of losses with commas between them, or all."""
    adversarial: bool = False
    """Each loss beside itself on synthetic negatives (DAML, Duan et al. 2018): all are those that have such a form."""
    seeds: str = "1,2,3"
    """Seeds with commas between them; every loss is trained with each."""
    lr: float = 1e-3
    """Learning rate."""
    epochs: int = 10
    """How many epochs to train."""
    steps: str = "6,8"
    """Epochs after which the learning rate is multiplied by --factor."""


def main(options: CompareOptions) -> None:
    """Train what was not trained before, and print the table."""
    _refuse(options)
    names = _names(options)
    if not all(seed.strip().isdecimal() for seed in options.seeds.split(",")):
        raise InputError(f"--seeds={options.seeds}: give whole numbers with commas between them, such as 1,2,3")
    seeds = list(dict.fromkeys(int(seed) for seed in options.seeds.split(",")))  # once each
    plain = {f.name: getattr(options, f.name) for f in dataclasses.fields(TrainOptions)}
    trained = TrainOptions(**plain).with_data()
    trained.check()
    trained = dataclasses.replace(trained, name=trained.name or f"compare-{trained.data}")
    print(compare(trained, list(dict.fromkeys(names)), seeds))


def _names(options: CompareOptions) -> list[str]:
    """The losses to train by name; raises InputError for an unknown one, and for one without the form asked for."""
    known, asked = losses.names(), [name.strip() for name in options.losses.split(",")]
    if options.losses == "all":
        asked = [name for name in known if not name.startswith(PREFIX)]
    if options.adversarial and options.losses == "all":
        asked = list(AdversarialOptions.LOSSES)
    for name in asked:
        if name not in known:
            raise unknown("loss", name, known)
    both = AdversarialOptions(adversarial=options.adversarial)
    return [found for name in asked for found in dict.fromkeys([name, both.named(name)])]


def _refuse(options: CompareOptions) -> None:
    """Raises InputError for flags of the training commands that have no place here."""
    if options.recipe:
        raise InputError(f"--recipe={options.recipe}: all losses are trained alike here; leave it out")
    if options.seed != TrainOptions.seed:
        raise InputError(f"--seed={options.seed}: give --seeds={options.seed}")
    if options.kvstore.startswith("dist"):
        raise InputError(f"--kvstore={options.kvstore}: runs are compared in one process; leave it out")


if __name__ == "__main__":
    command.main(main, CompareOptions)
