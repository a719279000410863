"""What the training command of instance retrieval can be told, beside what every training command can be."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import tyro

from datasets import images as image_sets
from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.instances import losses
from embedding.options import TrainOptions

SIDE = 362  # pixels of the longest side of training photographs, as in Radenovic, Tolias & Chum 2018
TEST_SIDE = 1024  # of other sets' photographs, as there
OWN_PAIRS = "train"  # what --test-whiten calls the pairs that the network trains on

_ABOVE_0 = ("neg_num", "query_size", "pool_size", "loss_margin", "update_every")
_FROM_0 = ("test_freq", "p_mult", "momentum")
_NOT_HERE = ("boxes", "cache_features", "raw_size", "flip", "min_crop", "test_k", "batch_k", "epoch_steps", "report")

# What is left open: drawn images are small, and their trunk begins from random weights.
_DRAWN = {"loss": "triplet", "epochs": 6, "lr": 3e-3, "wd": 1e-4, "query_size": 1000, "batch_size": 10}
_PHOTOGRAPHS = {"loss": "contrastive", "epochs": 30, "lr": 1e-6, "wd": 1e-6, "query_size": 2000, "batch_size": 5}
_DECAY = math.exp(-0.01)  # of the learning rate after each epoch, as in the reference


@dataclass(frozen=True, kw_only=True)
class InstanceOptions(TrainOptions):
    """Options of instance retrieval; the flags of the reference's training command are understood too."""

    ALIASES: ClassVar[Mapping[str, str]] = {
        **{"training-dataset": "data", "arch": "model", "weight-decay": "wd", "print-freq": "log-interval"},
        **{"gpu-id": "gpus", "learning-rate": "lr"},
    }
    OF_PHOTOGRAPHS: ClassVar[str] = "resnet101_v1b"

    data: Annotated[str, tyro.conf.arg(aliases=["-d"])] = ""
    """Image set: glyphs (if not given) is built in; sfm120k, instances (your own CSV) and any labelled set, in
    --data-path."""
    train_parts: str = ""
    """Parts of an instances CSV that are trained on, with commas between them; all but --test-parts if not given."""
    test_parts: str = ""
    """Parts of an instances CSV that are judged; all but --train-parts if not given."""
    test_datasets: Annotated[str, tyro.conf.arg(aliases=["-td"])] = ""
    """Sets that the network is judged on, with commas between them, such as roxford5k,rparis6k; the test part of the
    set itself if not given."""
    test_path: Path | None = None
    """Folder of --test-datasets; that of --data-path if not given."""
    recipe: str = ""
    """Where flags that are not given come from: gem-r101-sfm120k or netvlad, with their published settings."""

    pool: Annotated[str, tyro.conf.arg(aliases=["-p"])] = "gem"
    """Pooling of the trunk's feature map; --help of scripts/extract.py names them all."""
    regional: Annotated[bool, tyro.conf.arg(aliases=["-r"])] = False
    """Pool regions of the picture, each of unit length, and add them up."""
    local_whitening: Annotated[bool, tyro.conf.arg(aliases=["-lw"])] = False
    """Whiten every place of the feature map before the pooling."""
    whitening: Annotated[bool, tyro.conf.arg(aliases=["-w"])] = False
    """A linear layer after the pooling, learned first from pairs as a whitening and then trained with the rest."""
    embed_dim: int | None = None  # type: ignore[assignment]
    """Size of the embeddings with --whitening; that of the features if not given."""
    not_pretrained: bool = False
    """The trunk starts from random weights, and nobody is to be warned of it."""
    lr_mult: float | None = None
    """Factor on the trunk's learning rate; 1 if not given."""
    p_mult: float | None = None
    """Factor on the learning rate of gem's p; 10 if not given, 100 where every channel has its own."""
    freeze_bn: bool | None = None  # type: ignore[assignment]
    """Keep the trunk's batch-norm statistics as they are; yes with --use-pretrained if not given."""

    image_size: str = ""
    """Longest side in pixels of training images, which none is enlarged to; of photographs up to an eighth of a side is
    cut off, to one of seven proportions; 362 for photographs if not given."""
    test_size: str = ""
    """Longest side in pixels of test images; 1024 for photographs of --test-datasets, else as in training, if not
    given."""
    resize: str = "own"
    """How a test image comes to its size: own (its proportions, --test-size at most), crop or stretch."""

    loss: Annotated[str | None, tyro.conf.arg(aliases=["-l"])] = None
    """contrastive or triplet over tuples, the first if not given, the other for drawn images; or lifted, margin,
    multi_similarity or npair over all pairs of a batch."""
    loss_margin: Annotated[float | None, tyro.conf.arg(aliases=["-lm"])] = None
    """Margin of the loss; 0.7 for contrastive and 0.1 for triplet if not given, else the loss's own."""
    neg_num: Annotated[int, tyro.conf.arg(aliases=["-nn"])] = 5
    """Negatives of a tuple: the hardest of the pool, at most one of an instance."""
    query_size: Annotated[int | None, tyro.conf.arg(aliases=["-qs"])] = None
    """Queries, and so tuples, of an epoch; 2,000 if not given, of drawn images 1,000; all there are if fewer."""
    pool_size: Annotated[int, tyro.conf.arg(aliases=["-ps"])] = 20_000
    """Images that an epoch's negatives are mined from; all there are if fewer."""
    batch_size: Annotated[int | None, tyro.conf.arg(aliases=["-b"])] = None  # type: ignore[assignment]
    """Tuples in a batch, each of a query, a positive and --neg-num negatives; 5 if not given, of drawn images 10."""
    update_every: Annotated[int, tyro.conf.arg(aliases=["-u"])] = 1
    """Batches whose gradients are added up before the weights change."""
    optimizer: Annotated[str, tyro.conf.arg(aliases=["-o"])] = "adam"
    """Any optimizer of MXNet by its name."""
    momentum: float = 0.9
    """Momentum of sgd and nag."""
    lr: float | None = None  # type: ignore[assignment]
    """Learning rate; 1e-6 if not given, for drawn images 3e-3."""
    cosine: bool | None = None  # type: ignore[assignment]
    """Let the learning rate fall to 0 along a cosine over --epochs, in place of --steps; yes for drawn images without
    --steps if not given."""
    wd: float | None = None  # type: ignore[assignment]
    """Weight decay; 1e-6 if not given, for drawn images 1e-4."""
    steps: str = ""
    """Epochs after which the learning rate is multiplied by --factor; after each if not given."""
    factor: float = _DECAY
    """What the learning rate is multiplied by at each of --steps."""
    epochs: int | None = None  # type: ignore[assignment]
    """How many epochs to train; 30 if not given, on drawn images 6."""
    gpus: Annotated[str, tyro.conf.arg(aliases=["-g"])] = ""
    """Device such as 0; the CPU if not given."""
    workers: Annotated[int, tyro.conf.arg(aliases=["-j"])] = 2
    """Threads that decode images."""
    model: Annotated[str, tyro.conf.arg(aliases=["-a"])] = ""
    """Trunk; convnet for small built-in images and resnet101_v1b for photographs if not given."""

    no_val: bool = False
    """Hold nothing out of training: the last checkpoint is the best. The same as --validation=0."""
    test_freq: int = 0
    """Judge on the test sets after every so many epochs too; 0 for before the first and after the last alone."""
    test_whiten: str = ""
    """Judge with a whitening as well, learned from the pairs of this set: train for those that are trained on."""
    resume: str = ""
    """Not needed, for the same command goes on from what its run folder holds: that folder, or a file's name in it."""

    def with_data(self) -> "InstanceOptions":
        """The same options with our name of the set; one that asks for a split of it stays as it is."""
        return replace(self, data=image_sets.asking(self.data or "glyphs"))

    @property
    def drops(self) -> tuple[int, ...]:
        """The epochs after which the learning rate drops; where nothing is said after each."""
        return super().drops or tuple(range(1, self.epochs))

    @property
    def tested(self) -> tuple[str, ...]:
        """The names in ``--test-datasets``."""
        return names_in(self.test_datasets)

    def check(self) -> None:
        """Raises InputError where an option is out of its range or a choice is none of those there are."""
        super().check()
        for name in (*_ABOVE_0, *_FROM_0):
            value = getattr(self, name)
            if value is not None and (value < 0 or name in _ABOVE_0 and value == 0):
                above = "above 0" if name in _ABOVE_0 else "0 or above"
                raise InputError(f"--{name.replace('_', '-')}={value}: must be {above}")
        if self.loss is not None and self.loss not in losses.names():
            raise InputError(f"--loss={self.loss}: must be one of {', '.join(losses.names())}")
        if self.embed_dim is not None and not self.whitening:
            raise InputError(f"--embed-dim={self.embed_dim}: features keep their size without --whitening; add it")
        if self.not_pretrained and self.use_pretrained:
            raise InputError(f"--not-pretrained and --use-pretrained={self.use_pretrained}: say one of the two")
        if self.kvstore.startswith("dist") or "," in self.gpus:
            raise InputError("tuples are mined and trained on by one process on one device: name one in --gpus")
        self._check_not_here()

    def _check_not_here(self) -> None:
        for name in _NOT_HERE:
            usual = getattr(InstanceOptions, name)
            if getattr(self, name) != usual:
                flag = f"--{'no-' * (usual is True)}{name.replace('_', '-')}"
                raise InputError(f"{flag}: has no place in instance retrieval; leave it out")

    def resolve(self, images: ImageSet) -> "InstanceOptions":
        """The same options with what was left open filled in for ``images``."""
        drawn = isinstance(images.images, np.ndarray)
        usual = _DRAWN if drawn else _PHOTOGRAPHS
        found = replace(self, **{name: value for name, value in usual.items() if getattr(self, name) is None})
        return TrainOptions.resolve(
            replace(
                found,
                image_size=self.image_size or ("" if drawn else str(SIDE)),
                test_size=self.test_size or (str(TEST_SIDE) if self.tested and not drawn else ""),
                cosine=drawn and not self.steps if self.cosine is None else self.cosine,
                lr_mult=1.0 if self.lr_mult is None else self.lr_mult,
                freeze_bn=bool(self.use_pretrained) if self.freeze_bn is None else self.freeze_bn,
                validation=0.0 if self.no_val else self.validation,
            ),
            images,
        )


def names_in(text: str) -> tuple[str, ...]:
    """Names written with commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())
