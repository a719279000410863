"""What the commands of image-text embedding can be told, beside what every training command can be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from datasets import captions as caption_sets
from datasets.captions.base import CaptionSet
from datasets.errors import InputError
from datasets.words import words
from embedding.options import TrainOptions
from vse import losses

OWN = ("margin", "warm_up")  # settings of a loss itself

_SHARES = ("dropout", "word_dropout")
_NOT_HERE = (
    "boxes",
    "validation",
    "batch_k",
    "clip",
    "cache_features",
    "epoch_steps",
    "raw_size",
    "save_model_prefix",
    "test_k",
)
# Flags that nothing comes of where the trunk does not learn, and where there is none.
_OF_LEARNING_TRUNKS = ("lr_mult", "freeze_bn", "min_crop")
_OF_IMAGES = ("finetune", "model", "pool", "use_pretrained", "image_size", "test_size", "flip")

_OF_THE_START = ("vocab", "word_vectors", "max_words")

# What is left open: captions of drawn images tell what is where, which crops must not change, in words that all count.
_DRAWN = {
    **{"model": "strided_convnet", "pool": "quarters", "finetune": True, "min_crop": 0.6, "dropout": 0.0},
    **{"word_dropout": 0.0, "embed_dim": 128, "word_dim": 64, "batch_size": 64, "epochs": 8, "lr": 2e-3, "warm_up": 2},
}
_PHOTOGRAPHS = {
    **{"pool": "avg", "finetune": False, "min_crop": 0.2, "dropout": 0.3, "word_dropout": 0.2},
    **{"embed_dim": 512, "word_dim": 300, "batch_size": 128, "epochs": 14, "lr": 1e-3, "warm_up": 7},
}

_REFERENCE_FACTOR = 0.1  # what the reference multiplies the learning rate by


@dataclass(frozen=True, kw_only=True)
class VseOptions(TrainOptions):
    """Options of image-text embedding; the flags of the reference's commands are understood too."""

    ALIASES: ClassVar[Mapping[str, str]] = {
        **{"data-name": "data", "num-epochs": "epochs", "embed-size": "embed-dim", "learning-rate": "lr"},
        **{"cnn-type": "model", "crop-size": "image-size", "use-restval": "restval", "vocab-path": "vocab"},
        **{"logger-name": "name", "log-step": "log-interval"},
    }

    AGAINST_DIVERGING: ClassVar[str] = "a lower --grad-clip"

    data: str = ""
    """Caption set: scenes (if not given) is built in; flickr8k, flickr30k, coco, web_news, precomputed or *_precomp; or
    captions, a table of one's own."""
    restval: bool = False
    """Train on coco's restval images too."""
    testall: bool = False
    """Test on testall of precomputed features: COCO's 5,000 images, also as five folds."""
    img_dim: int | None = None
    """Size of precomputed features; told by their files, and only compared with them."""
    vocab: Path | None = None
    """A vocabulary.json that another run has saved, or a folder with DATA_vocab.json; made of the training captions if
    not given, or where the folder has no such file."""
    split_words: str | None = None
    """How captions that are written without spaces become words: characters; jieba, Chinese by that segmenter and the
    rest by characters; or spaces, not at all. As --vocab or --start tell, else characters, if not given."""
    max_words: int | None = None
    """Words of a caption that count, the rest is cut off; 0 for all. As --vocab tells, else 100, if not given."""
    threshold: int = 4
    """How often a word must come in the training captions to be in the vocabulary."""

    loss: str = ""
    """max_hinge (VSE++; if not given), sum_hinge (VSE0), order or instance."""
    max_violation: bool | None = None
    """The same as --loss=max_hinge; --no-max-violation is --loss=sum_hinge."""
    margin: float | None = None
    """Margin of the loss; 0.2 if not given, 0.05 for order."""
    warm_up: int | None = None
    """First epochs, that go by the sum of hinges, against collapse; 7 if not given, for drawn images 2. Of instance
    loss those without its ranking loss, 2 if not given."""

    finetune: bool | None = None
    """Train the trunk too; yes for drawn images, which no trunk knows, and no for photographs if not given."""
    start: Path | None = None
    """Run folder whose best network and vocabulary training starts from, of the same trunk and sizes; usual before
    --finetune."""
    embed_dim: int | None = None  # type: ignore[assignment]
    """Size of the joint space; 512 if not given, for drawn images 128."""
    word_dim: int | None = None
    """Size of word vectors; 300 if not given, for drawn images 64."""
    word_vectors: Path | None = None
    """First word vectors: a text file as GloVe's, a word and its numbers a line."""
    num_layers: int = 1
    """Layers of the GRU."""
    dropout: float | None = None
    """Share of features and of numbers of word vectors that a training step leaves out; 0.3, for drawn images 0."""
    word_dropout: float | None = None
    """Share of the words of training captions that an epoch replaces by the unknown word; 0.2, for drawn images 0."""

    pool: str = ""
    """Pooling of the trunk's map: avg, max, gem, crow, rmac or quarters; quarters for drawn images, else avg."""
    min_crop: float | None = None
    """Smallest share of an image that a random training crop keeps; 0.6 for drawn images, else 0.2 if not given."""

    batch_size: int | None = None  # type: ignore[assignment]
    """Captions in a batch, each with its image; 128 if not given, for drawn images 64."""
    epochs: int | None = None  # type: ignore[assignment]
    """How many epochs to train; an epoch has every caption once. 14 if not given, for drawn images 8."""
    lr: float | None = None  # type: ignore[assignment]
    """Learning rate; 1e-3 if not given, for drawn images 2e-3."""
    cosine: bool = True
    """Let the learning rate fall to 0 along a cosine over --epochs; --no-cosine for --steps."""
    lr_update: int | None = None
    """Multiply the learning rate by 0.1 after every so many epochs, in place of the cosine."""
    grad_clip: float = 2.0
    """Largest norm of the gradients of a batch's losses added up, as in the reference; 0 for any."""
    wd: float = 0.0
    """Weight decay."""
    report: bool = True
    """Write the report at the end: scores, curves, captions with their nearest images."""

    def check(self) -> None:
        """Raises InputError where an option is out of its range or a choice is none of those there are."""
        super().check()
        for name in _SHARES:
            if (share := getattr(self, name)) is not None and not 0 <= share < 1:
                raise InputError(f"--{name.replace('_', '-')}={share}: must lie between 0 and 1")
        for name in _NOT_HERE:
            if getattr(self, name) != getattr(VseOptions, name):
                raise InputError(f"--{name.replace('_', '-')}: has no place in image-text embedding; leave it out")
        for name in _OF_THE_START:
            if self.start is not None and getattr(self, name) is not None:
                raise InputError(f"--{name.replace('_', '-')}: words are those of --start; leave one of the two out")
        self._check_words()
        losses.get(self.with_loss)
        if self.kvstore.startswith("dist"):
            raise InputError(f"--kvstore={self.kvstore}: image-text embedding trains in one process; leave it out")

    def _check_words(self) -> None:
        if self.max_words is not None and self.max_words < 0:
            raise InputError(f"--max-words={self.max_words}: must be at least 0")
        if self.split_words is None:
            return
        words.check(self.split_words, f"--split-words={self.split_words}")
        if self.start is not None:
            raise InputError("--split-words: words are those of --start; leave one of the two out")

    @property
    def drops(self) -> tuple[int, ...]:
        """The epochs after which the learning rate drops as numbers."""
        return tuple(range(self.lr_update, self.epochs, self.lr_update)) if self.lr_update else super().drops

    @property
    def with_loss(self) -> str:
        """The loss that is meant; raises InputError where two are."""
        if self.loss and self.max_violation is not None:
            raise InputError(f"--max-violation and --loss={self.loss}: say one of the two")
        return self.loss or ("sum_hinge" if self.max_violation is False else "max_hinge")

    @property
    def mirrored(self) -> bool:
        """Whether embeddings are made of a picture and its mirror image; what trains on mirror images, is judged so."""
        return bool(self.flip)

    def with_data(self) -> "VseOptions":
        """The same options with the set's own name, and the loss that they mean."""
        name = self.name.removeprefix(f"{self.runs}/")  # the reference's --logger_name is a path
        return replace(self, data=self.data or "scenes", name=name, loss=self.with_loss, max_violation=None)

    def idle_in(self, filled: "VseOptions") -> list[str]:
        """Flags that were given and change nothing in a run of the options ``filled``, as ``for_captions`` has them."""
        names = [*(() if filled.finetune else _OF_LEARNING_TRUNKS), *(_OF_IMAGES if filled.img_dim else ())]
        names += ["threshold"] if self.start or self.vocab else []
        given = [name for name in names if getattr(self, name) not in (getattr(VseOptions, name), False)]
        return [f"--{name.replace('_', '-')}" for name in given]

    def for_captions(self, captions: CaptionSet) -> "VseOptions":
        """The same options with what was left open filled in for ``captions``."""
        drawn = isinstance(captions.images, np.ndarray) and not captions.precomputed
        usual = dict(_DRAWN if drawn else _PHOTOGRAPHS)
        if self.loss != "max_hinge":
            del usual["warm_up"]
        found = replace(self, **{name: value for name, value in usual.items() if getattr(self, name) in (None, "")})
        if self.lr_update:
            found = replace(found, factor=_REFERENCE_FACTOR, cosine=False)
        if captions.precomputed:
            return replace(found, img_dim=captions.images.shape[1], finetune=False, flip=False)
        return found.resolve(captions.as_images())


def set_of(options: VseOptions) -> tuple[str, str]:
    """The name of the caption set's file, and the folder inner to --data-path that the name given asks for, or ""."""
    name = caption_sets.canonical(options.data)
    return name, options.data if name == "precomputed" != options.data else ""


def stored_options(folder: Path) -> VseOptions:
    """The options of a run folder; raises InputError where it is not that of an image-text run."""
    try:
        stored = json.loads((folder / "options.json").read_text())
        if not isinstance(stored, dict) or "word_dim" not in stored:
            raise ValueError("its network knows no sentences")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{folder} is no run of train_vse.py ({why}): name a folder that it made") from None
    known = {field.name for field in fields(VseOptions)}
    return VseOptions(**{name: value for name, value in stored.items() if name in known})
