"""A foreign ONNX encoder, such as CLIP's or DINOv2's of pictures, as an engine."""

import hashlib
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from datasets.errors import InputError
from embedding.engine.base import Facts, takes
from embedding.engine.kept import fingerprint
from embedding.engine.onnx import sessions
from embedding.engine.wanted import Asked, wanted

log = logging.getLogger(__name__)

# The outputs that are taken where there are several, the first that is there: vectors of the space that an encoder was
# trained for, then its tokens. The second output of a ViT, pooler_output, was often trained for nothing.
_USUAL = ("image_embeds", "image_features", "embeddings", "embedding", "features", "last_hidden_state")
_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16, "tensor(uint8)": np.uint8}
_FLOATS = ("tensor(float)", "tensor(float16)")
_POOLS = ("", "class", "mean")


class ForeignEngine:
    """The Engine of an ONNX file that takes one batch of pictures, NCHW or NHWC, as floats or as bytes.

    path : the file
    asked : what the flags say of what it wants, and which of its outputs is meant
    gpus, threads : as of ``OnnxEngine``
    A sequence of tokens becomes its class token or the mean, a feature map the mean of its places. It is tried with one
    picture; what it takes, and what is taken from it, is logged in a line.

    Raises InputError, one line, for each way in which the file cannot be such an encoder.
    """

    name = "onnx"

    def __init__(self, path: Path, asked: Asked | None = None, *, gpus: str = "", threads: int = 0) -> None:
        asked = asked or Asked()
        self._path, self._sessions = path, sessions(path, gpus=gpus, threads=threads)
        session = self._sessions[0]
        given = _given(path, session)
        self._given, self._type, self._batch = given.name, _TYPES[given.type], _fixed(given.shape[0])
        self._channels_last = given.shape[3] == 3 and given.shape[1] != 3
        sides = given.shape[1:3] if self._channels_last else given.shape[2:]
        self._sides = (sides[0], sides[1]) if all(map(_fixed, sides)) else None
        self._wanted = wanted(path, asked, session.get_modelmeta().custom_metadata_map, fixed=self._sides)
        self._output = _chosen(path, session, asked)
        self._pool = _checked_pool(asked.pool)
        dim, how = self._try()
        mark = hashlib.sha256(repr((fingerprint(path), self._wanted, self._output, how)).encode()).hexdigest()[:16]
        self.facts = Facts(network=mark, model=path.stem, size=self._wanted.size, resize="crop", dim=dim)
        log.info("%s: takes %s; gives %s: %s, %d numbers", path, self._takes(), self._output, how, dim)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """What the encoder makes of uint8 RGB images (B, H, W, 3): (B, D) float32."""
        step = self._batch or max(1, -(-len(pixels) // len(self._sessions)))
        parts = [pixels[i : i + step] for i in range(0, len(pixels), step)]
        if not parts:
            return np.empty((0, self.facts.dim), np.float32)
        if len(parts) == 1:
            return self._vectors(self._sessions[0], pixels)
        turns = [self._sessions[i % len(self._sessions)] for i in range(len(parts))]
        with ThreadPoolExecutor(len(self._sessions)) as pool:
            return np.concatenate(list(pool.map(self._vectors, turns, parts)))

    @cached_property
    def one_size(self) -> bool:
        """Whether it takes pictures of ``facts.size`` alone: that stands in the file, or it fails at others."""
        high, wide = self._wanted.size
        return self._sides is not None or not (takes(self, (2 * high, 2 * wide)) and takes(self, (high, wide // 2 + 1)))

    def _vectors(self, session: Any, pixels: np.ndarray) -> np.ndarray:
        """(B, D) of at most as many images as a batch holds."""
        count = len(pixels)
        if self._batch:
            pixels = np.concatenate([pixels, np.repeat(pixels[-1:], self._batch - count, axis=0)])
        (found,) = session.run([self._output], {self._given: self._prepared(pixels)})
        return _pooled(found, self._pool)[0][:count].astype(np.float32, copy=False)

    def _prepared(self, pixels: np.ndarray) -> np.ndarray:
        if not self._channels_last:
            pixels = pixels.transpose(0, 3, 1, 2)
        if self._type == np.uint8:
            whole = pixels if pixels.dtype == np.uint8 else np.rint(pixels)  # of a scaled picture floats come
            return np.ascontiguousarray(whole, np.uint8)
        shape = (1, 1, 1, 3) if self._channels_last else (1, 3, 1, 1)
        mean, deviation = (
            np.array(colour, np.float32).reshape(shape) for colour in (self._wanted.mean, self._wanted.deviation)
        )
        values = np.subtract(pixels, mean, dtype=np.float32, order="C")
        values /= deviation
        return values.astype(self._type, copy=False)

    def _try(self) -> tuple[int, str]:
        """The size of a vector and how it is made, found with one picture."""
        picture = np.random.default_rng(0).integers(0, 256, (self._batch or 1, *self._wanted.size, 3), np.uint8)
        try:
            (found,) = self._sessions[0].run([self._output], {self._given: self._prepared(picture)})
        except Exception as error:  # ONNX Runtime has an exception of its own for each way to fail
            why = " ".join(str(error).split())[:200]
            raise InputError(f"{self._path}: cannot take a picture of {self._wanted.told}: {why}") from None
        if found.ndim not in (2, 3, 4) or len(found) != len(picture):
            shape = " x ".join(map(str, found.shape))
            line = f"{self._path}: its output {self._output} is no vector a picture, but of {shape} for one"
            raise InputError(f"{line}; name another by --output")
        vectors, how = _pooled(found, self._pool)
        if not np.isfinite(vectors).all():
            what = f"its output {self._output} is not finite for a picture of {self._wanted.told}"
            raise InputError(f"{self._path}: {what}; give the right --mean and --std, or a file of float32")
        return vectors.shape[1], how

    def _takes(self) -> str:
        kind = f"{'NHWC' if self._channels_last else 'NCHW'} {np.dtype(self._type).name}"
        alone = f", {self._batch} at a time" if self._batch else ""
        size = self._wanted.told.partition(",")[0] + ", as bytes" if self._type == np.uint8 else self._wanted.told
        return f"{kind}{alone}, {size}"


def _given(path: Path, session: Any) -> Any:
    """The one input of an encoder of pictures."""
    inputs = session.get_inputs()
    names = ", ".join(f"{given.name} {given.shape}" for given in inputs)
    pictures = [given for given in inputs if len(given.shape) == 4]
    if not pictures:
        raise InputError(f"{path}: takes no pictures, but {names or 'nothing'}; name an encoder of pictures")
    if len(inputs) > 1:
        raise InputError(f"{path}: takes more than pictures: {names}; name a file of the encoder of pictures alone")
    (given,) = pictures
    if given.type not in _TYPES:
        raise InputError(f"{path}: takes pictures as {given.type}, not as floats or bytes; export it for these")
    sides = [side for side in (given.shape[1], given.shape[3]) if _fixed(side)]
    if 3 not in sides and (_fixed(given.shape[1]) or len(sides) == 2):
        raise InputError(f"{path}: takes {given.name} {given.shape}, no pictures of three colours; name another file")
    return given


def _fixed(side: int | str | None) -> int:
    """The side of a shape, 0 where it is open."""
    return side if isinstance(side, int) and side > 0 else 0


def _chosen(path: Path, session: Any, asked: Asked) -> str:
    """The name of the output that is meant."""
    outputs = {found.name: found for found in session.get_outputs()}
    told = ", ".join(f"{found.name} {found.shape}" for found in outputs.values())
    if asked.output and asked.output not in outputs:
        raise InputError(f"--output={asked.output}: {path} has no such output, but {told}")
    usual = [name for name in _USUAL if name in outputs]
    name = asked.output or (next(iter(outputs)) if len(outputs) == 1 else next(iter(usual), ""))
    if not name:
        raise InputError(f"{path}: has several outputs, {told}; say by --output which is the vector of a picture")
    if outputs[name].type not in _FLOATS:
        raise InputError(f"{path}: its output {name} is {outputs[name].type}, not of floats; name another by --output")
    return name


def _checked_pool(pool: str) -> str:
    if pool not in _POOLS:
        raise InputError(
            f"--pool={pool}: of a foreign encoder, must be class (its class token) or mean (of all tokens)"
        )
    return pool


def _pooled(found: np.ndarray, pool: str) -> tuple[np.ndarray, str]:
    """Vectors (B, D) of an output (B, D), (B, T, D) or (B, D, h, w), and how in words."""
    if found.ndim == 2:
        return found, "as it is"
    if found.ndim == 4:
        return found.mean(axis=(2, 3), dtype=np.float32), f"mean of {found.shape[2]} x {found.shape[3]} places"
    tokens = found.shape[1]
    if (pool or _usual_pool(tokens)) == "class":
        return found[:, 0], f"class token, the first of {tokens}" + ("" if pool else "; --pool=mean for their mean")
    return found.mean(axis=1, dtype=np.float32), f"mean of {tokens} tokens" + (
        "" if pool else "; --pool=class for the first"
    )


def _usual_pool(tokens: int) -> str:
    """Tokens of a square of places, and no more, have no class token among them."""
    return "mean" if _is_square(tokens) and not _is_square(tokens - 1) else "class"


def _is_square(number: int) -> bool:
    return number > 0 and math.isqrt(number) ** 2 == number
