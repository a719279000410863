"""What the hashing commands can be told, beside what every training command can be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from datasets import images as image_sets
from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.options import TrainOptions, whole_numbers
from hashing import codes, losses

OWN = ("margin", "alpha", "gamma", "mu", "similar_weight", "quantization")  # settings of a loss itself

_AT_RANDOM = 1
_FEW = 4  # images of a class: so many must a batch at random hold on average, or it is dealt by class with so many


@dataclass(frozen=True, kw_only=True)
class HashOptions(TrainOptions):
    """Options of the hashing commands; what other repositories call their flags is understood too."""

    OF_PHOTOGRAPHS: ClassVar[str] = "resnet18_v1b"
    ALIASES: ClassVar[Mapping[str, str]] = {
        **{"code-size": "bits", "hash-bit": "bits", "triplet-margin": "margin", "dataset-name": "data"},
        **{"exp-name": "name", "train-batch": "batch-size"},
    }

    data: str = ""
    """Image set: glyphs (if not given) and digits are built in; labelled is your own lists, folder your own class
    folders, in --data-path."""
    model: str = ""
    """Trunk; convnet for small built-in images and resnet18_v1b for photographs if not given."""
    raw_size: str = ""
    """Not used: codes that need no training are of images of the test size."""
    kvstore: str = "device"
    """MXNet's key-value store of several --gpus: device or local."""
    name: str = ""
    """Name of the run; its data, method and bits if not given. CUB_200_2011 and its like also name the set."""
    report: bool = True
    """Write the report at the end: scores, precision and recall, bits, distances, query grid, curves."""

    method: str = ""
    """hashnet, dch, triplet, dsh, dtsh, csq, cnnh, dnnh, dlbhc or subic; triplet if only --margin is given, else
    hashnet."""
    bits: int = 48
    """Bits of a code, a multiple of 8."""
    hidden: int = 0
    """Units of a layer with ReLU before the hash layer; 0 for none."""
    head_mult: float = 1.0
    """Factor on the learning rate of the head."""
    sharpen: float = 0.005
    """HashNet's continuation: after n batches activations are tanh(sqrt(1 + SHARPEN * n) * z)."""
    split: str = ""
    """Which split of the set, where it has several: for cifar10 0, 1 or 2; see docs/data-sets.md."""

    margin: float | None = None
    """Margin of triplet, dsh, dtsh and dnnh; that of the first two grows with the code length if not given: 8 at 32
    bits for triplet."""
    alpha: float | None = None
    """Factor on the inner products of hashnet; 10 / bits if not given."""
    gamma: float | None = None
    """Scale of the Cauchy distribution of dch; weight of the entropy of an image's blocks in subic."""
    mu: float | None = None
    """Weight of the entropy of the blocks over a batch in subic."""
    similar_weight: float | None = None
    """Weight of similar pairs in hashnet, dch and dsh; what balances each batch if not given, and 1 in dsh."""
    quantization: float | None = None
    """Weight of the quantization term of a loss that has one."""

    top: str = "all"
    """The R of mAP@R, such as all,1000."""
    radius: int = 2
    """Hamming radius of precision and recall."""
    test_k: str = "100,1000"
    """The N of precision@N."""
    embed_dim: int = 128
    """Not used: --bits is the length of codes."""
    batch_size: int = 128
    """Images in a batch, which devices share."""
    batch_k: int | None = None  # type: ignore[assignment]
    """Images of each class in a batch; 1 draws images at random; what suits the set if not given."""
    validation: float = 0.0
    """Share of the training part that is not trained on but chooses the best checkpoint; 0 for none."""

    @property
    def tops(self) -> tuple[int | None, ...]:
        """The R of mAP@R; None for all."""
        return read_tops(self.top)

    def check(self) -> None:
        """Raises InputError where an option is out of its range or a choice is none of those there are."""
        super().check()
        codes.check_bits(self.bits)
        losses.get(self.method or "hashnet")
        if self.embed_dim != HashOptions.embed_dim:
            raise InputError(f"--embed-dim={self.embed_dim}: give the length of codes as --bits")
        if self.kvstore.startswith("dist"):
            raise InputError(
                f"--kvstore={self.kvstore}: hashing trains in one process; leave it out, or give --gpus=0,1"
            )
        read_tops(self.top)
        if not 0 <= self.radius <= self.bits:
            raise InputError(f"--radius={self.radius}: must lie between 0 and --bits={self.bits}")

    def with_data(self) -> "HashOptions":
        """The same options with the set's own name and split, and the method that they mean."""
        method = self.method or ("triplet" if self.margin is not None else "hashnet")
        named = super().with_data().data
        split = self.split or image_sets.split_of(named)
        return replace(self, data=image_sets.canonical(named), method=method, split=split)

    def resolve(self, images: ImageSet) -> "HashOptions":
        """The same options with what was left open filled in for ``images``."""
        return TrainOptions.resolve(replace(self, batch_k=self.batch_k or self._usual_k(images)), images)

    def _usual_k(self, images: ImageSet) -> int:
        """How the papers draw batches, unless those would hold few pairs of a class."""
        if images.several_labels:
            return _AT_RANDOM
        classes = len(np.unique(images.labels[images.train]))
        return _AT_RANDOM if self.batch_size >= _FEW * classes else _FEW


def read_tops(text: str) -> tuple[int | None, ...]:
    """The R of mAP@R from "all,1000", None for all; raises InputError naming --top."""
    named = [part.strip() for part in text.split(",") if part.strip()]
    try:
        numbers = iter(whole_numbers("--top", ",".join(part for part in named if part != "all")))
    except InputError:
        named = []
    if not named:
        raise InputError(f"--top={text}: give all, or whole numbers above 0, such as all,1000")
    return tuple(dict.fromkeys(None if part == "all" else next(numbers) for part in named))
