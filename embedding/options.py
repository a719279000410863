"""What every training command can be told; each command adds what its loss needs."""

import math
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from datasets import images as image_sets
from datasets.errors import InputError
from datasets.files.folder_name import check_name
from datasets.images.base import ImageSet
from datasets.images.pixels import MAX_PIXELS
from datasets.images.skipped import MAX_BAD
from embedding.batches.decode import RESIZES, parse_size, show_size
from embedding.network import backbone, packaged

_ABOVE_0 = (
    *("embed_dim", "bits", "word_dim", "num_layers", "threshold", "lr_update", "img_dim", "batch_size", "batch_k"),
    *("epochs", "epoch_steps", "lr", "lr_beta", "lr_classes", "factor", "clip", "margin", "neg_margin", "beta"),
    *("scale", "alpha", "gamma", "similar_weight", "head_mult", "workers", "lr_generator"),
)
_FROM_0 = (
    *("seed", "grad_clip", "hidden", "sharpen", "quantization", "wd", "nu", "l2_reg", "pos_margin", "pull", "warm_up"),
    *("lr_mult", "log_interval", "lambda_1", "lambda_2", "lambda_m", "lambda_real", "adv_margin", "adv_warm_up"),
)
_SIZES = ("image", "test", "raw")
_OF_THE_TRUNK = ("lr_mult", "freeze_bn", "min_crop", "flip")
_SHARES = {"validation": (0, 0.9), "max_bad": (0, 1), "min_crop": (0.01, 1)}
_MOST = {"embed_dim": 65_536}  # beyond, MXNet fails with what says nothing of the flag
_CHOICES = {"resize": RESIZES, "kvstore": ("device", "local", "dist_sync", "dist_device_sync")}


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Options of the training commands, under the names of the reference commands where these have one."""

    OF_PHOTOGRAPHS: ClassVar[str] = "resnet50_v1b"  # the trunk where none is named
    AGAINST_DIVERGING: ClassVar[str] = "--clip=1"  # what to try, beside a lower learning rate

    data: str = ""
    """Image set: glyphs (if not given) and digits are built in; folder is your own, in --data-path."""
    data_path: Path | None = None
    """Folder that holds the set as it was unpacked, data/ if not given; for folder also a .zip, .tar or CSV file."""
    boxes: bool = False
    """Crop every image to its annotated box; every score then says so."""

    recipe: str = ""
    """Where flags that are not given come from: paper, the settings published for this loss and this set."""
    model: str = ""
    """Trunk; convnet for small built-in images and resnet50_v1b for photographs if not given."""
    pool: str = "avg"
    """Pooling of the trunk's map: avg, max, gem, gem-channels, crow, rmac, netvlad or quarters (its four means)."""
    embed_dim: int = 128
    """Size of the embeddings."""
    use_pretrained: str = ""
    """Weights for the trunk: a .safetensors or .pth file of torchvision or timm; efficientnet_lite0, 1 or 2 by pip."""
    lr_mult: float | None = None
    """Factor on the trunk's learning rate; 0.01 with --use-pretrained if not given, else 1."""
    cache_features: bool = False
    """Keep the trunk as it is and train the head alone, on features that are extracted once, into data/features."""
    freeze_bn: bool = False
    """Keep the trunk's batch-norm statistics as they are; usual with pretrained weights and small batches."""

    image_size: str = ""
    """Size in pixels of training images, 224 or 256x128 (height x width); the set's or trunk's own if not given."""
    test_size: str = ""
    """Size in pixels of test images; as in training if not given."""
    raw_size: str = ""
    """Size in pixels for the row of the trunk's own features; as in testing if not given."""
    resize: str = "crop"
    """How a test image becomes a square: crop (its centre, after scaling) or stretch (all of it)."""
    min_crop: float = 0.2
    """Smallest share of an image's area that a random training crop keeps."""
    flip: bool | None = None
    """Mirror half of the training images; yes for photographs and no for characters if not given."""

    batch_size: int = 80
    """Images in a batch, which devices and workers share."""
    batch_k: int = 5
    """Images of each class in a batch."""
    epoch_steps: int | None = None
    """Batches in an epoch; until every image has been seen if not given."""
    epochs: int = 20
    """How many epochs to train."""
    optimizer: str = "adam"
    """Any optimizer of MXNet by its name."""
    lr: float = 1e-4
    """Learning rate."""
    steps: str = "12,14,16,18"
    """Epochs after which the learning rate is multiplied by --factor."""
    factor: float = 0.5
    """What the learning rate is multiplied by at each of --steps."""
    cosine: bool = False
    """Let the learning rate fall to 0 along a cosine over --epochs, in place of --steps."""
    wd: float = 1e-4
    """Weight decay."""
    clip: float | None = None
    """Largest norm of the network's gradients together; not clipped if not given."""

    validation: float = 0.1
    """Share of the training classes that is not trained on but chooses the best checkpoint; 0 for none."""
    max_bad: float = MAX_BAD
    """Share of the images that may be unreadable and are then skipped, never fewer than 20; 0 for none."""
    max_pixels: int = MAX_PIXELS
    """Most pixels that an image may have; a larger one counts as unreadable, and is not decoded."""
    test_k: str = "1,2,4,8,16"
    """The k of recall@k."""
    gpus: str = ""
    """Devices such as 0 or 0,1; the CPU if not given."""
    kvstore: str = "device"
    """MXNet's key-value store: device or local; dist_sync or dist_device_sync for workers of scripts/launch.py."""
    workers: int = 2
    """Threads that decode images."""
    seed: int = 123
    """Seed of everything left to chance."""

    name: str = ""
    """Name of the run; its data and loss if not given. CUB_200_2011 and its like also name the set."""
    runs: Path = Path("runs")
    """Folder of the run folders."""
    save_model_prefix: str = ""
    """Also write the best weights to PREFIX.params in the run folder."""
    use_viz: bool = False
    """Write TensorBoard files into the run folder."""
    report: bool = True
    """Write the report at the end: scores, t-SNE map, query grid, curves."""
    log_interval: int = 0
    """Log a line every so many batches; 0 for one an epoch."""

    @property
    def ks(self) -> tuple[int, ...]:
        """The k of recall@k as numbers."""
        return whole_numbers("--test-k", self.test_k)

    @property
    def drops(self) -> tuple[int, ...]:
        """The epochs after which the learning rate drops as numbers."""
        return whole_numbers("--steps", self.steps)

    def size(self, part: str) -> tuple[int, int]:
        """Height and width in pixels of what ``part``, image, test or raw, says; raises InputError naming the flag."""
        return parse_size(getattr(self, f"{part}_size"), f"--{part}-size")

    @property
    def idle(self) -> list[str]:
        """Flags that were given and change nothing, as no image is cropped anew and no trunk trained."""
        if not self.cache_features:
            return []
        names = [*_OF_THE_TRUNK, "image_size"] if self.test_size else _OF_THE_TRUNK
        return [f"--{name.replace('_', '-')}" for name in names if getattr(self, name) != getattr(TrainOptions, name)]

    def check(self) -> None:
        """Raises InputError where a number is out of its range or a choice is none of those there are."""
        for name, value in asdict(self).items():
            _check_option(name, value)
        check_name("--name", self.name)
        if Path(self.save_model_prefix).name != self.save_model_prefix:
            raise InputError(f"--save-model-prefix={self.save_model_prefix}: must be a name, not a path")
        if not self.ks:
            raise InputError("--test-k=: give at least one number, such as 1,2,4")
        whole_numbers("--steps", self.steps)
        for part in _SIZES:
            if getattr(self, f"{part}_size"):
                self.size(part)

    def with_data(self) -> "TrainOptions":
        """The same options with the set's own name; in the reference commands --name=CUB_200_2011 names the set.

        A name that asks for one of the set's splits stays as it is.
        """
        named = self.name if image_sets.canonical(self.name) != self.name else ""
        return replace(self, data=image_sets.asking(self.data or named or "glyphs"))

    def resolve(self, images: ImageSet) -> "TrainOptions":
        """The same options with what was left open filled in for ``images``: model, sides, flip, the trunk's rate."""
        drawn = isinstance(images.images, np.ndarray)
        model = packaged.trunk(self.use_pretrained, self.model) or ("convnet" if drawn else self.OF_PHOTOGRAPHS)
        usual = drawn or images.size != ImageSet.size  # a set's own shape comes before the side that a trunk sees best
        size = self.image_size or show_size(images.size if usual else backbone.side(model))
        usual_mult = 0.01 if self.use_pretrained else 1.0
        return replace(
            self,
            model=model,
            image_size=size,
            test_size=self.test_size or size,
            raw_size=self.raw_size or self.test_size or size,
            flip=not drawn if self.flip is None else self.flip,
            lr_mult=usual_mult if self.lr_mult is None else self.lr_mult,
        )


def _check_option(name: str, value: object) -> None:
    flag = f"--{name.replace('_', '-')}={value}"
    if name in _CHOICES and value not in _CHOICES[name]:
        raise InputError(f"{flag}: must be one of {', '.join(_CHOICES[name])}")
    if name in _ABOVE_0 and value is not None and not 0 < value < math.inf:
        raise InputError(f"{flag}: must be above 0")
    if name in _MOST and value is not None and value > _MOST[name]:
        raise InputError(f"{flag}: must be {_MOST[name]:,} or less")
    if name in _FROM_0 and value is not None and not 0 <= value < math.inf:
        raise InputError(f"{flag}: must be 0 or above")
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError(f"{flag}: must be a finite number")
    if name in _SHARES and value is not None and not _SHARES[name][0] <= value <= _SHARES[name][1]:
        raise InputError(f"{flag}: must lie between {_SHARES[name][0]} and {_SHARES[name][1]}")


def whole_numbers(flag: str, text: str) -> tuple[int, ...]:
    """Whole numbers above 0 written with commas; raises InputError naming the flag."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not all(part.isdecimal() and int(part) for part in parts):
        raise InputError(f"{flag}={text}: give whole numbers above 0 with commas between them, such as 1,2,4")
    return tuple(int(part) for part in parts)
