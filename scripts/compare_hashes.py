"""Train several methods of hashing at several code lengths, with several seeds each, and print one table.

python scripts/compare_hashes.py --bits=16,32                                  built-in glyphs
python scripts/compare_hashes.py --data=labelled --data-path=cifar --use-pretrained=mobilenet.pth --cache-features
"""

import dataclasses
from dataclasses import dataclass

import command

from datasets.errors import InputError
from embedding.options import whole_numbers
from hashing import build, losses
from hashing.compare import compare
from hashing.options import HashOptions


@dataclass(frozen=True, kw_only=True)
class CompareHashesOptions(HashOptions):
    """Train several methods of hashing at several code lengths, with several seeds each, and print one table."""

    methods: str = "hashnet,dch,triplet"
    """Names of methods with commas between them, or all."""
    bits: str = "16,32,48,64"  # type: ignore[assignment]
    """Code lengths with commas between them, multiples of 8."""
    seeds: str = "1,2,3"
    """Seeds with commas between them; every method is trained with each."""


def main(options: CompareHashesOptions) -> None:
    """Train what was not trained before, and print the table."""
    _refuse(options)
    named = [name.strip() for name in options.methods.split(",") if name.strip()]
    names = losses.names() if named == ["all"] else named
    for name in names:
        losses.get(name)
    lengths, seeds = (whole_numbers(f"--{flag}", getattr(options, flag)) for flag in ("bits", "seeds"))
    if not names or not lengths or not seeds:
        raise InputError("--methods, --bits and --seeds each need one at least")
    plain = {f.name: getattr(options, f.name) for f in dataclasses.fields(HashOptions)}
    trained = HashOptions(**{**plain, "bits": lengths[0]})
    for length in lengths:
        dataclasses.replace(trained, bits=length).check()
    for name in names:
        build.own_settings(dataclasses.replace(trained, method=name))
    meant = trained.with_data()
    trained = dataclasses.replace(trained, data=meant.data, split=meant.split)
    trained = dataclasses.replace(trained, name=trained.name or f"compare-hashes-{trained.data}")
    print(compare(trained, list(dict.fromkeys(names)), list(dict.fromkeys(lengths)), list(dict.fromkeys(seeds))))


def _refuse(options: CompareHashesOptions) -> None:
    """Raises InputError for flags of the training command that have no place here."""
    if options.recipe:
        raise InputError(f"--recipe={options.recipe}: all methods are trained alike here; leave it out")
    for name, instead in (("method", "methods"), ("seed", "seeds")):
        if (given := getattr(options, name)) != getattr(HashOptions, name):
            raise InputError(f"--{name}={given}: give --{instead}={given}")


if __name__ == "__main__":
    command.main(main, CompareHashesOptions)
