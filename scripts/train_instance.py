"""Train a network for instance retrieval: the same thing, the same place (GeM; Radenovic et al. 2018).

python scripts/train_instance.py                                               built-in glyphs, on the CPU
python scripts/train_instance.py --recipe=gem-r101-sfm120k --data-path=data/cirtorch --use-pretrained=resnet101.pth
python scripts/train_instance.py --data=instances --data-path=images.csv --train-parts=books --test-parts=places
python scripts/train_instance.py runs/gem -d retrieval-SfM-120k -td roxford5k,rparis6k -a resnet101 -lm 0.85 -g 0
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import command

from embedding.instances import recipes
from embedding.instances.options import InstanceOptions
from embedding.instances.train import train


@dataclass(frozen=True, kw_only=True)
class TrainInstanceOptions(InstanceOptions):
    """Train a network for instance retrieval: the same thing, the same place (GeM; Radenovic et al. 2018)."""


def main(options: TrainInstanceOptions) -> None:
    """Train and judge."""
    train(options)


def words(given: list[str]) -> list[str]:
    """What was ``given`` on the command line; a first word that is no flag is the run folder, as in the reference."""
    if not given or given[0].startswith("-"):
        return given
    folder = Path(given[0])
    return [f"--runs={folder.parent}", f"--name={folder.name}", *given[1:]]


if __name__ == "__main__":
    command.main(main, TrainInstanceOptions, words(sys.argv[1:]), defaults=recipes.with_recipe)
