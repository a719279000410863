"""What the commands of cross-modal hashing can be told, beside what every training command can be."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from datasets import pairs as pair_sets
from datasets.errors import InputError
from datasets.pairs.base import PairSet
from datasets.words import words
from embedding.options import TrainOptions
from hashing import codes
from hashing.cross import losses
from hashing.options import read_tops

OWN = ("quantization", "balance", "similar_weight", "beta", "gamma")  # settings of a loss itself

_NOT_HERE = ("boxes", "batch_k", "embed_dim", "raw_size", "save_model_prefix", "recipe")
_OF_LEARNING_TRUNKS = ("lr_mult", "freeze_bn", "min_crop", "flip")
_OF_IMAGES = ("model", "pool", "use_pretrained", "image_size", "test_size", "finetune")
_OF_WORDS = ("threshold", "most_words", "split_words")

# What is left open: trunks that know photographs stay as they are, and drawn pictures are known by none.
_DRAWN = {
    **{"model": "strided_convnet", "pool": "quarters", "finetune": True, "min_crop": 0.6, "dropout": 0.0},
    **{"batch_size": 32, "epochs": 12, "lr": 1e-3},
}
_OTHERS = {
    "pool": "avg",
    "finetune": False,
    "min_crop": 0.2,
    "dropout": 0.3,
    "batch_size": 128,
    "epochs": 40,
    "lr": 2e-3,
}


@dataclass(frozen=True, kw_only=True)
class CrossOptions(TrainOptions):
    """Options of cross-modal hashing."""

    ALIASES: ClassVar[Mapping[str, str]] = {"bit": "bits", "code-length": "bits", "dataset-name": "data"}
    OF_PHOTOGRAPHS: ClassVar[str] = "mobilenet_v2"

    data: str = ""
    """Set of pairs: scenes (if not given) is built in; pairs is your own train.tsv and test.tsv in --data-path; wiki,
    mirflickr25k, nuswide, flickr8k."""
    texts: str = ""
    """Which texts of the set, where it has several kinds: for wiki tfidf (if not given) or topics."""
    method: str = "cmhh"
    """cmhh, dcmh or deep_sketch."""
    bits: int = 32
    """Bits of a code, a multiple of 8."""
    hidden: int = 512
    """Units of a layer with ReLU before the hash layer of the pictures; 0 for none."""
    text_hidden: int = 512
    """The same of the texts."""
    dropout: float | None = None
    """Share of the numbers that a training step leaves out of what either side sees; 0.3 if not given, for drawn
    pictures 0."""

    threshold: int = 4
    """In how many training texts a word must come to be in the vocabulary."""
    most_words: int = 3000
    """Words of the vocabulary at most, those of most texts."""
    split_words: str = "characters"
    """How what is written without spaces becomes words: characters, jieba (Chinese) or spaces."""

    quantization: float | None = None
    """Weight of the distance to codes; 0.1 if not given."""
    balance: float | None = None
    """Weight of the bits' balance in dcmh; 0.1 if not given."""
    similar_weight: float | None = None
    """Weight of similar pairs in dcmh beside 1 of others, 1 in the paper; what balances each batch if not given."""
    beta: float | None = None
    """How fast the probability of cmhh falls with the distance; 2 / bits if not given."""
    gamma: float | None = None
    """Power of the focal weight of cmhh; 2 if not given."""

    finetune: bool | None = None
    """Train the trunk too; yes for drawn pictures, which no trunk knows, and no for photographs if not given."""
    pool: str = ""
    """Pooling of the trunk's map: avg, max, gem or quarters; quarters for drawn pictures, else avg."""
    min_crop: float | None = None  # type: ignore[assignment]
    """Smallest share of a picture that a random training crop keeps; 0.6 for drawn ones, else 0.2 if not given."""
    batch_size: int | None = None  # type: ignore[assignment]
    """Pairs in a batch; 128 if not given, for drawn pictures 32."""
    batch_k: int = 1
    """Not used: pairs are drawn at random."""
    embed_dim: int = 128
    """Not used: --bits is the length of codes."""
    raw_size: str = ""
    """Not used: what needs no training is of pictures of the test size."""
    epochs: int | None = None  # type: ignore[assignment]
    """How many epochs to train; 40 if not given, 12 for drawn pictures."""
    lr: float | None = None  # type: ignore[assignment]
    """Learning rate; 2e-3 if not given, 1e-3 for drawn pictures."""
    cosine: bool = True
    """Let the learning rate fall to 0 along a cosine over --epochs; --no-cosine for --steps."""
    validation: float = 0.0
    """Share of the training pairs that is not trained on but chooses the best checkpoint; 0 for none."""

    top: str = "all"
    """The R of mAP@R, such as all,1000."""
    radius: int = 2
    """Hamming radius of precision and recall."""
    test_k: str = "100,1000"
    """The N of precision@N."""
    report: bool = True
    """Write the report at the end: scores, precision and recall, bits, distances, texts with their pictures."""

    @property
    def tops(self) -> tuple[int | None, ...]:
        """The R of mAP@R; None for all."""
        return read_tops(self.top)

    def check(self) -> None:
        """Raises InputError where an option is out of its range or a choice is none of those there are."""
        super().check()
        codes.check_bits(self.bits)
        losses.get(self.method)
        words.check(self.split_words, f"--split-words={self.split_words}")
        for name in _NOT_HERE:
            if (given := getattr(self, name)) != getattr(CrossOptions, name):
                raise InputError(
                    f"--{name.replace('_', '-')}={given}: has no place in cross-modal hashing; leave it out"
                )
        for name, least in (("text_hidden", 0), ("balance", 0), ("most_words", 1), ("beta", 0), ("gamma", 1)):
            if (given := getattr(self, name)) is not None and not given >= least:
                raise InputError(f"--{name.replace('_', '-')}={given}: must be {least} or above")
        if self.dropout is not None and not 0 <= self.dropout < 1:
            raise InputError(f"--dropout={self.dropout}: must lie between 0 and 1")
        if self.kvstore.startswith("dist"):
            raise InputError(f"--kvstore={self.kvstore}: cross-modal hashing trains in one process; leave it out")
        if self.cache_features and self.finetune:
            raise InputError(
                "--cache-features and --finetune: the trunk stays as it is, or learns; give one of the two"
            )
        self.tops  # noqa: B018  raises InputError
        if not 0 <= self.radius <= self.bits:
            raise InputError(f"--radius={self.radius}: must lie between 0 and --bits={self.bits}")

    def with_data(self) -> "CrossOptions":
        """The same options with the set's own name."""
        return replace(self, data=pair_sets.canonical(self.data or "scenes"))

    def idle_in(self, filled: "CrossOptions", pairs: PairSet) -> list[str]:
        """Flags that were given and change nothing in a run of the options ``filled`` on ``pairs``."""
        names = [*(() if filled.finetune else _OF_LEARNING_TRUNKS), *(_OF_IMAGES if pairs.precomputed else ())]
        names += () if pairs.written else _OF_WORDS
        given = [name for name in names if getattr(self, name) not in (getattr(CrossOptions, name), False)]
        return [f"--{name.replace('_', '-')}" for name in given]

    def for_pairs(self, pairs: PairSet) -> "CrossOptions":
        """The same options with what was left open filled in for ``pairs``; ``model`` stays "" where there is none."""
        drawn = isinstance(pairs.pictures.images, np.ndarray) and not pairs.precomputed
        usual: dict[str, Any] = dict(_DRAWN if drawn else _OTHERS)
        if self.cache_features:
            usual["finetune"] = False
        found = replace(self, **{name: value for name, value in usual.items() if getattr(self, name) in (None, "")})
        if pairs.precomputed:
            return replace(
                found, model="", finetune=False, flip=False, image_size="224", test_size="224", raw_size="224"
            )
        return found.resolve(pairs.pictures)
