"""What the commands of sketches and photographs can be told, beside what every training command can be."""

from dataclasses import dataclass, replace
from typing import ClassVar

from datasets import images as image_sets
from datasets.errors import InputError, unknown
from embedding.options import TrainOptions
from embedding.sketches.net import SHARES

OWN = ("margin", "warm_up", "pos_margin", "neg_margin", "scale")  # settings of a loss itself


@dataclass(frozen=True, kw_only=True)
class SketchOptions(TrainOptions):
    """Options of embeddings of sketches and photographs."""

    OF_PHOTOGRAPHS: ClassVar[str] = "mobilenetv2_1.0"

    data: str = ""
    """Set of sketches and photographs: outlines (if not given) is built in; sketchy, tuberlin, or sketches, your own
    folders sketch/CLASS and photo/CLASS in --data-path."""
    split: str = ""
    """Which classes train, where the set has several splits: unseen or seen; see docs/sketches.md."""
    share: str = "all"
    """What sketches and photographs have in common: none, top (the head), trunk, or all of the network."""

    loss: str = "triplet"
    """triplet or contrastive, of a sketch and photographs; any other loss of this project, of all pictures alike."""
    margin: float | None = None
    """Margin of a loss that has one; 0.2 of triplet if not given."""
    warm_up: int | None = None
    """Epochs of semi-hard mining before hard mining begins, of triplet; all of them if not given."""
    pos_margin: float | None = None
    """Distance from which on positives cost, of contrastive."""
    neg_margin: float | None = None
    """Distance up to which negatives cost, of contrastive."""
    scale: float | None = None
    """Scale of the cosines of the softmax family."""

    kvstore: str = "device"
    """MXNet's key-value store of several --gpus: device or local."""
    raw_size: str = ""
    """Not used: the untrained trunk sees images of the test size."""
    batch_size: int = 64
    """Sketches in a batch, which devices share; with them come as many photographs."""
    batch_k: int = 4
    """Sketches of each class in a batch, and photographs."""
    epochs: int = 12
    """How many epochs to train."""
    lr: float = 1e-3
    """Learning rate."""
    steps: str = "8,10"
    """Epochs after which the learning rate is multiplied by --factor."""
    min_crop: float = 0.6
    """Smallest share of an image's area that a random training crop keeps."""
    test_k: str = "100,200"
    """The N of precision@N."""

    def check(self) -> None:
        """Raises InputError where an option is out of its range or a choice is none of those there are."""
        super().check()
        if self.share not in SHARES:
            raise unknown("--share", self.share, SHARES)
        if self.kvstore.startswith("dist"):
            raise InputError(f"--kvstore={self.kvstore}: trains in one process; leave it out, or give --gpus=0,1")

    def with_data(self) -> "SketchOptions":
        """The same options with the set's own name and split."""
        data = self.data or "outlines"
        return replace(self, data=image_sets.canonical(data), split=self.split or image_sets.split_of(data))

    @property
    def method(self) -> str:
        """What trains, as a run is called by it."""
        return self.loss
