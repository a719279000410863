"""Train sketches to find photographs: vectors of both, or codes with --bits.

python scripts/train_sketch.py                                                 built-in outlines, on the CPU
python scripts/train_sketch.py --data=sketches --data-path=mine --use-pretrained=efficientnet_lite0 --cache-features
python scripts/train_sketch.py --data=sketchy --use-pretrained=resnet50.pth --model=resnet50 --bits=64 --gpus=0
"""

from dataclasses import dataclass, fields

import command

from datasets.errors import InputError
from embedding.sketches.options import SketchOptions
from embedding.sketches.train import train
from hashing.sketches.build import CODES
from hashing.sketches.options import SketchHashOptions


@dataclass(frozen=True, kw_only=True)
class TrainSketchOptions(SketchHashOptions):
    """Train sketches to find photographs: vectors of both, or codes with --bits."""

    loss: str = ""
    """What trains vectors: triplet (if not given) or contrastive, of a sketch and photographs; any other loss of this
    project, of all pictures alike."""
    bits: int | None = None  # type: ignore[assignment]
    """Bits of a code, a multiple of 8; vectors of --embed-dim numbers if not given."""
    method: str = ""  # type: ignore[assignment]
    """What trains codes, with --bits: deep_sketch (Deep Sketch Hashing; if not given), dcmh or cmhh."""


def main(options: TrainSketchOptions) -> None:
    """Train, judge and report."""
    if options.bits is None:
        train(_vectors(options))
        return
    if options.loss:
        raise InputError(f"--loss={options.loss}: codes are trained by a --method; leave it out, or leave out --bits")
    usual = SketchHashOptions.method
    train(_as(SketchHashOptions, options, method=options.method or usual, loss=SketchOptions.loss), CODES)


def _vectors(options: TrainSketchOptions) -> SketchOptions:
    own = {field.name for field in fields(SketchHashOptions)} - {field.name for field in fields(SketchOptions)}
    command.only(options, sorted(own | {"method"}), "is of codes; give --bits=64 with it, or leave it out")
    return _as(SketchOptions, options, loss=options.loss or SketchOptions.loss)


def _as(kind: type[SketchOptions], options: TrainSketchOptions, **changed: object) -> SketchOptions:
    return kind(**{field.name: getattr(options, field.name) for field in fields(kind)} | changed)


if __name__ == "__main__":
    command.main(main, TrainSketchOptions)
