"""Train methods of cross-modal hashing at several code lengths, with several seeds each, and print one table.

python scripts/compare_cross.py                                                built-in scenes
python scripts/compare_cross.py --data=wiki --data-path=wiki --bits=16,32,64 --seeds=1,2,3
"""

import dataclasses
from dataclasses import dataclass

import command

from datasets.errors import InputError
from embedding.options import whole_numbers
from hashing.cross import build, losses
from hashing.cross.compare import compare
from hashing.cross.options import CrossOptions


@dataclass(frozen=True, kw_only=True)
class CompareCrossOptions(CrossOptions):
    """Train methods of cross-modal hashing at several code lengths, with several seeds each, and print one table."""

    methods: str = "all"
    """Names of methods with commas between them, or all."""
    bits: str = "16,32,64"  # type: ignore[assignment]
    """Code lengths with commas between them, multiples of 8."""
    seeds: str = "1,2,3"
    """Seeds with commas between them; every method is trained with each."""


def main(options: CompareCrossOptions) -> None:
    """Train what was not trained before, and print the table."""
    for name, instead in (("method", "methods"), ("seed", "seeds")):
        if (given := getattr(options, name)) != getattr(CrossOptions, name):
            raise InputError(f"--{name}={given}: give --{instead}={given}")
    named = [name.strip() for name in options.methods.split(",") if name.strip()]
    names = list(dict.fromkeys(losses.names() if named == ["all"] else named))
    for name in names:
        losses.get(name)
    lengths, seeds = (whole_numbers(f"--{flag}", getattr(options, flag)) for flag in ("bits", "seeds"))
    if not names or not lengths or not seeds:
        raise InputError("--methods, --bits and --seeds each need one at least")
    plain = {field.name: getattr(options, field.name) for field in dataclasses.fields(CrossOptions)}
    trained = CrossOptions(**{**plain, "bits": lengths[0]}).with_data()
    for length in lengths:
        dataclasses.replace(trained, bits=length).check()
    if len(names) == 1:
        build.own_settings(dataclasses.replace(trained, method=names[0]))
    trained = dataclasses.replace(trained, name=trained.name or f"compare-cross-{trained.data}")
    print(compare(trained, names, list(dict.fromkeys(lengths)), list(dict.fromkeys(seeds))))


if __name__ == "__main__":
    command.main(main, CompareCrossOptions)
