"""Scales: a picture seen at several sizes, and its vectors joined into one."""

import ast
import hashlib
import logging
import math
import operator
import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np

from datasets.errors import InputError
from embedding.engine import base
from embedding.engine.base import Engine

log = logging.getLogger(__name__)

_AT_ONCE = 16  # pictures: in floats, at all scales, each of 1024 x 768 takes 7 MB
_MOST, _LARGEST = 16, 8.0  # scales, and the largest
_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
}


class Scales:
    """The Engine of ``engine`` at each of ``scales``, whose vectors are joined into one a picture, and whitened.

    A scaled picture is interpolated bilinearly between its pixels, without smoothing, and not rounded to bytes; its
    sides are rounded down. The unit vectors v_s of a picture become (mean v_s^power)^(1/power) at unit length, and then
    what ``whiten`` makes of them. A scale at which a picture is too small for the network is left out of its mean.

    least : of its sides, below which it is too small at every scale
    scales : factors of the sides of a picture; power : exponent of the mean, which is p of GeM where nothing comes
        after GeM but unit length, and 1 elsewhere
    whiten : unit rows (B, D) to unit rows (B, d), such as a Whitening; None for none

    As Radenovic, Tolias & Chum, "Fine-tuning CNN image retrieval with no human annotation", TPAMI 2018, whose code
    interpolates so. Places are those of PyTorch up to 1.4, by the ratio of the sides; later versions take the factor,
    which differs by less than a pixel where a side was rounded.

    Raises InputError where the network gives codes or takes one size alone, or ``whiten`` is for vectors of another.
    """

    def __init__(
        self,
        engine: Engine,
        scales: Sequence[float],
        *,
        power: float = 1.0,
        whiten: Callable[[np.ndarray], np.ndarray] | None = None,
    ) -> None:
        if engine.facts.codes:
            raise InputError(f"--multiscale, --whitening: {engine.facts.model} gives codes, which have neither")
        if any(scale != 1 for scale in scales) and getattr(engine, "one_size", False):
            seen = " x ".join(map(str, engine.facts.size))
            raise InputError(f"--multiscale: {engine.facts.model} takes pictures of {seen} pixels alone; leave it out")
        self.name = engine.name
        self._engine, self._scales, self._power, self._whiten = engine, tuple(scales), power, whiten
        some = np.arange(1, engine.facts.dim + 1, dtype=np.float32)[None]
        dim = engine.facts.dim if whiten is None else whiten(some).shape[1]
        mark = pickle.dumps((engine.facts.network, self._scales, power, whiten))
        network = hashlib.sha256(mark).hexdigest()[:16]
        self.facts = replace(engine.facts, network=network, dim=dim, power=1.0)
        self._taken = base.smallest(engine)
        self.least = math.ceil(self._taken / max(self._scales)) if self._taken else 0
        self._told = False

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """What becomes of RGB images (B, H, W, 3) of 0..255: (B, D) float32 unit rows; errors as of ``each``."""
        if not len(pixels):
            return np.empty((0, self.facts.dim), np.float32)
        kept = self._kept(*pixels.shape[1:3])
        parts = [_unit(self._engine(np.stack([scaled(picture, scale) for picture in pixels]))) for scale in kept]
        return self._finished([power_mean(several, self._power) for several in np.stack(parts, axis=1)])

    def each(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """The same of pictures (H, W, 3) of any sizes; raises ValueError where one is too small at every scale."""
        groups = (pictures[i : i + _AT_ONCE] for i in range(0, len(pictures), _AT_ONCE))
        return self._finished([mean for group in groups for mean in self._means(group)])

    def _finished(self, means: Sequence[np.ndarray]) -> np.ndarray:
        vectors = np.stack(means)
        return vectors if self._whiten is None else np.asarray(self._whiten(vectors), np.float32)

    def _means(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Of each picture its vectors joined, (D,)."""
        kept = [self._kept(*picture.shape[:2]) for picture in pictures]
        seen = [scaled(picture, scale) for picture, scales in zip(pictures, kept, strict=True) for scale in scales]
        vectors = np.split(base.each(self._engine, seen), np.cumsum([len(scales) for scales in kept])[:-1])
        return [power_mean(_unit(several), self._power) for several in vectors]

    def _kept(self, height: int, width: int) -> list[float]:
        """The scales at which the network can take a picture of that size."""
        kept = [scale for scale in self._scales if min(scaled_sides(height, width, scale)) >= self._taken]
        if not kept:
            raise ValueError(f"{height} x {width} pixels are too small at every scale")
        if len(kept) < len(self._scales) and not self._told:
            self._told = True
            left = ", ".join(f"{scale:.3g}" for scale in self._scales if scale not in kept)
            log.info("a picture of %d x %d pixels is too small at scale %s: left out of its mean", width, height, left)
        return kept


def joined(
    opener: Callable[[], Engine], scales: Sequence[float], whitening: Callable[[], Callable] | None = None
) -> Scales:
    """What ``opener`` opens, at several scales, joined by its own power, and whitened by what ``whitening`` loads."""
    engine = opener()
    return Scales(engine, scales, power=engine.facts.power, whiten=None if whitening is None else whitening())


def scaled_sides(height: int, width: int, scale: float) -> tuple[int, int]:
    """The sides of a picture at ``scale``, rounded down, 1 at least."""
    return max(1, math.floor(height * scale)), max(1, math.floor(width * scale))


def scaled(picture: np.ndarray, scale: float) -> np.ndarray:
    """A picture (H, W, 3) at ``scale``, float32 of 0..255, interpolated bilinearly; at scale 1 as it is."""
    if scale == 1:
        return picture
    height, width = scaled_sides(*picture.shape[:2], scale)
    return cv2.resize(picture.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)


def power_mean(vectors: np.ndarray, power: float) -> np.ndarray:
    """(mean v^power)^(1/power) of the rows of (S, D), at unit length: (D,) float32.

    Of another power than 1, they must not be below 0, as those of GeM are not.
    """
    wide = vectors.astype(np.float64)  # float32 does not hold a high power of a small number
    mean = wide.mean(axis=0) if power == 1 else (wide**power).mean(axis=0) ** (1 / power)
    return _unit(mean).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12)


def parse_scales(text: str, flag: str) -> tuple[float, ...]:
    """The numbers of "[1, 1/2**(1/2), 1/2]", which may be computed, and nothing else: no name is looked up.

    Raises InputError naming ``flag``.
    """
    try:
        found = ast.parse(text.strip(), mode="eval").body
        items = found.elts if isinstance(found, ast.List | ast.Tuple) else [found]
        scales = tuple(_number(item) for item in items)
    except (ValueError, SyntaxError, TypeError, ArithmeticError, RecursionError, MemoryError):
        scales = ()
    if not 0 < len(scales) <= _MOST or not all(0 < scale <= _LARGEST for scale in scales):
        raise InputError(
            f"{flag}={text}: give 1 to {_MOST} numbers above 0 and up to {_LARGEST:g}, such as [1, 1/2**(1/2), 1/2]"
        )
    return scales


def _number(node: ast.expr) -> float:
    """What an expression of numbers is, computed in floats, which no exponent makes long."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return float(node.value)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return float(_OPERATORS[type(node.op)](_number(node.left), _number(node.right)))
    if isinstance(node, ast.UnaryOp) and type(node.op) in _OPERATORS:
        return float(_OPERATORS[type(node.op)](_number(node.operand)))
    raise ValueError
