"""Write the vectors file of an image set or a folder, with a trained network or a pretrained trunk.

Of a hashing network the vectors are its codes.

python scripts/extract.py --run=runs/demo --data=glyphs --out=glyphs.h5
python scripts/extract.py --run=runs/cub --data=files --data-path=~/Pictures --out=pictures.h5
python scripts/extract.py --model=resnet50_v1b --use-pretrained=r50.pth --data=cub200 --data-path=CUB --out=raw.h5
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import command
import numpy as np

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.skipped import MAX_BAD, Skipped, beside_file
from datasets.sources import image_source
from datasets.stored import vectors_file
from embedding import build
from embedding.evaluation.judge import table
from embedding.mx import contexts, gluon, mx
from embedding.options import TrainOptions
from hashing import build as hash_build
from hashing.evaluation.judge import HashJudge
from hashing.options import HashOptions

PARTS = ("test", "train", "all")


@dataclass(frozen=True, kw_only=True)
class ExtractOptions:
    """Write the vectors file of an image set or a folder, with a trained network or a pretrained trunk."""

    out: Path
    """The vectors file to write, HDF5: its name ends with .h5 or .hdf5."""
    run: Path | None = None
    """Run folder whose network is used; without it, the trunk named by --model and --use-pretrained."""
    checkpoint: str = "best"
    """Which network of the run: best or last."""
    model: str = ""
    """Trunk whose pooled features are the vectors, without --run."""
    use_pretrained: str = ""
    """Weights for that trunk: a .safetensors or .pth file of torchvision or timm."""
    pool: str = "avg"
    """Pooling of that trunk's feature map."""
    data: str = "files"
    """Image set; files is any folder of images without labels."""
    data_path: Path | None = None
    """Folder that holds the set as it was unpacked, data/ if not given; for files, the folder of images."""
    boxes: bool = False
    """Crop every image to its annotated box."""
    part: str = "test"
    """Which images: test (query and gallery), train or all."""
    image_size: str = ""
    """Size in pixels, 224 or 256x128; as in the run's test, or the set's own, if not given."""
    resize: str | None = None
    """How an image becomes a square: crop or stretch; as in the run, or crop, if not given."""
    gpus: str = ""
    """Devices such as 0 or 0,1; the CPU if not given."""
    workers: int = 2
    """Threads that decode images."""
    max_bad: float = MAX_BAD
    """Share of the images that may be unreadable and are then skipped, never fewer than 20; 0 for none."""


def main(options: ExtractOptions) -> None:
    """Extract, score where there are labels, and save."""
    if options.out.is_dir():
        raise InputError(f"--out={options.out}: is a folder; name the file to write, such as {options.out}/vectors.h5")
    _check_ending(options.out)
    if options.run is not None:
        command.there("--run", options.run)
    devices = contexts(options.gpus)
    whole = image_source.load(options.data, options.data_path, boxes=options.boxes)
    images = _part(whole, options.part)
    net, trained = _network(options, images, devices)
    asked = dataclasses.replace(
        trained,
        test_size=options.image_size or trained.test_size,
        resize=options.resize or trained.resize,
        workers=options.workers,
        max_bad=options.max_bad,
    )
    asked.check()
    skipped = Skipped(len(np.union1d(images.query, images.gallery)), max_bad=options.max_bad)
    judge = build.judge(asked, images, devices, skipped)
    if isinstance(asked, HashOptions):
        known = hash_build.was_trained_on(options.run, whole)  # of other sets, no image was
        judge = HashJudge(judge, images if known else dataclasses.replace(images, train=images.train[:0]), asked)
    try:
        vectors = judge.vectors(net)
    finally:
        skipped.save(beside_file(options.out))
    if len(images.class_names) == 1:  # no labels, no scores
        vectors = dataclasses.replace(vectors, gallery_labels=None, query_labels=None, class_names=())
    vectors_file.save(options.out, vectors)
    if len(images.class_names) > 1 and (vectors.metric == "hamming" or not images.several_labels):
        print(table([{"row": options.part, "data": judge.title, **judge.scores_of(vectors)}]))
    kind = "bits" if vectors.metric == "hamming" else "vectors"
    print(f"{len(vectors.gallery)} x {vectors.dim} {kind}: {options.out}")
    if line := skipped.line(beside_file(options.out)):
        print(line)


def _check_ending(out: Path) -> None:
    if out.suffix.lower() in (".h5", ".hdf5"):
        return
    right = out.with_suffix(".h5")
    what = f"--out={out}: vectors are written as HDF5, name it {right}"
    if out.suffix != ".npy":
        raise InputError(what)
    line = f"import h5py, numpy; numpy.save('{out}', h5py.File('{right}')['train'])"
    raise InputError(f'{what}, and make an .npy of it by: python -c "{line}"')


def _part(images: ImageSet, part: str) -> ImageSet:
    if part not in PARTS:
        raise InputError(f"--part={part}: must be one of {', '.join(PARTS)}")
    if part == "test":
        return images.require("query", "gallery")
    rows = images.train if part == "train" else np.arange(len(images))
    if not len(rows):
        raise InputError(f"--part={part}: dataset {images.name} has no such images")
    return images.with_split(train=images.train, query=rows, gallery=rows)


def _network(
    options: ExtractOptions, images: ImageSet, devices: list[mx.Context]
) -> tuple[gluon.HybridBlock, TrainOptions]:
    if options.run is not None:
        for name in ("model", "use_pretrained", "pool"):
            if (given := getattr(options, name)) != getattr(ExtractOptions, name):
                raise InputError(f"--{name.replace('_', '-')}={given}: --run names the network; give one of the two")
        kind = hash_build if hash_build.is_hashing_run(options.run) else build
        return kind.trained_network(options.run, options.checkpoint, devices, image_size=options.image_size)
    if not options.use_pretrained:
        raise InputError("nothing to extract with: give --run=FOLDER, or --model=NAME with --use-pretrained=FILE")
    described = TrainOptions(
        model=options.model, use_pretrained=options.use_pretrained, pool=options.pool, image_size=options.image_size
    ).resolve(images)
    described.check()
    net = build.embedding_net(described)
    build.settle(net, described, devices)
    return net.encoder, described


if __name__ == "__main__":
    command.main(main, ExtractOptions)
