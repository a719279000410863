"""Train several losses of image-text embedding, with several seeds each, and print one table.

python scripts/compare_vse.py                                                  built-in scenes
python scripts/compare_vse.py --data=web_news --data-path=web_news --losses=max_hinge --splits=characters,jieba
python scripts/compare_vse.py --data=flickr8k --data-path=flickr8k --model=mobilenet_v2 --use-pretrained=mobilenet.pth
"""

import dataclasses
from dataclasses import dataclass

import command

from datasets.errors import InputError
from datasets.words import words
from embedding.options import whole_numbers
from vse import losses
from vse.compare import compare
from vse.options import VseOptions


@dataclass(frozen=True, kw_only=True)
class CompareVseOptions(VseOptions):
    """Train several losses of image-text embedding, with several seeds each, and print one table."""

    losses: str = "max_hinge,sum_hinge,instance"
    """Names of losses with commas between them, or all."""
    seeds: str = "1,2,3"
    """Seeds with commas between them; every loss is trained with each."""
    splits: str = ""
    """Ways of --split-words with commas between them, such as characters,jieba: a row of the table each."""


def main(options: CompareVseOptions) -> None:
    """Train what was not trained before, and print the table."""
    _refuse(options)
    named = [name.strip() for name in options.losses.split(",") if name.strip()]
    names = losses.names() if named == ["all"] else list(dict.fromkeys(named))
    for name in names:
        losses.get(name)
    seeds = whole_numbers("--seeds", options.seeds)
    if not names or not seeds:
        raise InputError("--losses and --seeds each need one at least")
    trained = VseOptions(**{field.name: getattr(options, field.name) for field in dataclasses.fields(VseOptions)})
    meant = trained.with_data()
    meant.check()
    trained = dataclasses.replace(trained, name=meant.name or f"compare-vse-{meant.data}")
    print(compare(trained, names, list(dict.fromkeys(seeds)), splits=_splits(options)))


def _splits(options: CompareVseOptions) -> list[str] | None:
    """The ways of --splits, each once; None where there are none."""
    found = [way.strip() for way in options.splits.split(",") if way.strip()]
    for way in found:
        words.check(way, f"--splits={options.splits}")
    if found and options.split_words is not None:
        raise InputError(f"--split-words={options.split_words}: say it by --splits")
    return list(dict.fromkeys(found)) or None


def _refuse(options: CompareVseOptions) -> None:
    """Raises InputError for flags of the training command that have no place here."""
    if options.recipe:
        raise InputError(f"--recipe={options.recipe}: all losses are trained alike here; leave it out")
    for name, instead in (("loss", "losses"), ("max_violation", "losses"), ("seed", "seeds")):
        if (given := getattr(options, name)) != getattr(VseOptions, name):
            raise InputError(f"--{name.replace('_', '-')}={given}: say it by --{instead}")


if __name__ == "__main__":
    command.main(main, CompareVseOptions)
