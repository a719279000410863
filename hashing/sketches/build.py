"""What of a run of sketches and photographs makes codes: the loss across the two kinds, the hash head, the judge."""

from embedding.losses.base import settings
from embedding.sketches.build import Kind
from hashing.cross import losses
from hashing.cross.losses.base import CrossLoss
from hashing.net import HashHead
from hashing.sketches.judge import CodeJudge
from hashing.sketches.options import OWN_OF_CODES, SketchHashOptions


def _loss(options: SketchHashOptions, classes: int) -> CrossLoss:
    made = losses.get(options.method).Loss
    own = settings(made, options.method, {name: getattr(options, name) for name in OWN_OF_CODES})
    return made(bits=options.bits, classes=classes, **own)


def _head(options: SketchHashOptions) -> HashHead:
    return HashHead(options.bits, hidden=options.hidden, tanh=losses.get(options.method).Loss.tanh)


CODES = Kind(SketchHashOptions, _loss, _head, CodeJudge)
