"""Train several losses alike, with several seeds each, and print one table.

python scripts/compare_losses.py                                               every loss on built-in glyphs
python scripts/compare_losses.py --losses=margin,triplet --data=cub200 --use-pretrained=resnet50.pth --cache-features
"""

import dataclasses
from dataclasses import dataclass

import command

from datasets.errors import InputError, unknown
from embedding import losses
from embedding.compare import compare
from embedding.options import TrainOptions


@dataclass(frozen=True, kw_only=True)
class CompareOptions(TrainOptions):
    """Train several losses alike, with several seeds each, and print one table."""

    losses: str = "all"
    """Names of losses with commas between them, or all."""
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
    names = losses.names() if options.losses == "all" else [name.strip() for name in options.losses.split(",")]
    for name in names:
        if name not in losses.names():
            raise unknown("loss", name, losses.names())
    if not all(seed.strip().isdecimal() for seed in options.seeds.split(",")):
        raise InputError(f"--seeds={options.seeds}: give whole numbers with commas between them, such as 1,2,3")
    seeds = list(dict.fromkeys(int(seed) for seed in options.seeds.split(",")))  # once each
    plain = {f.name: getattr(options, f.name) for f in dataclasses.fields(TrainOptions)}
    trained = TrainOptions(**plain).with_data()
    trained.check()
    trained = dataclasses.replace(trained, name=trained.name or f"compare-{trained.data}")
    print(compare(trained, list(dict.fromkeys(names)), seeds))


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
