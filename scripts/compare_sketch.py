"""Train vectors and codes of sketches and photographs, with several seeds each, and print one table.

python scripts/compare_sketch.py --bits=32,64                                  built-in outlines
python scripts/compare_sketch.py --data=sketches --data-path=mine --use-pretrained=efficientnet_lite0 --cache-features
"""

from dataclasses import dataclass, fields, replace

import command

from datasets.errors import InputError
from embedding.options import whole_numbers
from embedding.sketches import losses as losses_of_vectors
from hashing.cross import losses
from hashing.sketches.compare import compare
from hashing.sketches.options import SketchHashOptions


@dataclass(frozen=True, kw_only=True)
class CompareSketchOptions(SketchHashOptions):
    """Train vectors and codes of sketches and photographs, with several seeds each, and print one table."""

    losses: str = "triplet,contrastive"
    """Losses of vectors with commas between them; empty for none."""
    methods: str = "deep_sketch,dcmh"
    """Methods of codes with commas between them; empty for none."""
    bits: str = "32,64,128"  # type: ignore[assignment]
    """Code lengths with commas between them, multiples of 8."""
    seeds: str = "1,2,3"
    """Seeds with commas between them; everything is trained with each."""


def main(options: CompareSketchOptions) -> None:
    """Train what was not trained before, and print the table."""
    for name, instead in (("loss", "losses"), ("method", "methods"), ("seed", "seeds")):
        if (given := getattr(options, name)) != getattr(SketchHashOptions, name):
            raise InputError(f"--{name}={given}: give --{instead}={given}")
    if options.recipe:
        raise InputError(f"--recipe={options.recipe}: all are trained alike here; leave it out")
    lengths, seeds = (whole_numbers(f"--{flag}", getattr(options, flag)) for flag in ("bits", "seeds"))
    of_vectors, of_codes = _named(options.losses), _named(options.methods)
    for name in of_vectors:
        losses_of_vectors.taken(name)
    for name in of_codes:
        losses.get(name)
    if not seeds or not of_vectors and not (of_codes and lengths):
        raise InputError("--seeds, and --losses or --methods with --bits, each need one at least")
    plain = {field.name: getattr(options, field.name) for field in fields(SketchHashOptions)}
    trained = SketchHashOptions(**plain | {"bits": lengths[0] if lengths else SketchHashOptions.bits})
    for length in lengths:
        replace(trained, bits=length).check()
    meant = trained.with_data()
    trained = replace(meant, name=meant.name or f"compare-sketch-{meant.data}")
    print(compare(trained, of_vectors, of_codes, list(dict.fromkeys(lengths)), list(dict.fromkeys(seeds))))


def _named(text: str) -> list[str]:
    return list(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


if __name__ == "__main__":
    command.main(main, CompareSketchOptions)
