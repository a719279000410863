"""What every training command can be told; each command adds what its loss needs."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """Options of the training commands, under the names of the reference commands where these have one."""

    data: str = "glyphs"
    """Image set: glyphs and digits are built in; cub200 and folder need --data-path."""
    data_path: Path | None = None
    """Folder that holds the set as it was unpacked; for folder, class folders or a CSV manifest."""
    boxes: bool = False
    """Crop every image to its annotated box; every score then says so."""

    model: str = ""
    """Trunk; convnet for small built-in images and resnet50_v1b for photographs if not given."""
    pool: str = "avg"
    """Pooling of the trunk's feature map: avg, max or gem."""
    embed_dim: int = 128
    """Size of the embeddings."""
    use_pretrained: str = ""
    """Weights for the trunk: a .safetensors or .pth file of torchvision or timm."""
    lr_mult: float | None = None
    """Factor on the trunk's learning rate; 0.01 with --use-pretrained if not given, else 1."""
    freeze_bn: bool = False
    """Keep the trunk's batch-norm statistics as they are; usual with pretrained weights and small batches."""

    image_size: int | None = None
    """Side in pixels of training images; the set's own if not given."""
    test_size: int | None = None
    """Side in pixels of test images; as in training if not given."""
    raw_size: int | None = None
    """Side in pixels for the row of the trunk's own features; as in testing if not given."""
    resize: str = "crop"
    """How a test image becomes a square: crop (its centre, after scaling) or stretch (all of it)."""
    min_crop: float = 0.2
    """Smallest share of an image's area that a random training crop keeps."""
    flip: bool | None = None
    """Mirror half of the training images; yes for photographs and no for characters if not given."""

    batch_size: int = 80
    """Images in a batch."""
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
    wd: float = 1e-4
    """Weight decay."""
    clip: float | None = None
    """Largest norm of all gradients together; not clipped if not given."""

    validation: float = 0.1
    """Share of the training classes that is not trained on but chooses the best checkpoint; 0 for none."""
    max_bad: float = 0.01
    """Share of the training images that may be unreadable and are then skipped."""
    test_k: str = "1,2,4,8,16"
    """The k of recall@k."""
    gpus: str = ""
    """Devices such as 0 or 0,1; the CPU if not given."""
    kvstore: str = "device"
    """MXNet's key-value store: device, local, or dist_sync for several machines."""
    workers: int = 2
    """Threads that decode images."""
    seed: int = 123
    """Seed of everything left to chance."""

    name: str = ""
    """Name of the run; its data and loss if not given."""
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
