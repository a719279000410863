"""Write the vectors file of an image set or a folder, with a trained network or a pretrained trunk.

Of a hashing network the vectors are its codes.

python scripts/extract.py --run=runs/demo --data=glyphs --out=glyphs.h5
python scripts/extract.py --run=runs/cub --data=files --data-path=~/Pictures --out=pictures.h5
python scripts/extract.py --model=resnet50_v1b --use-pretrained=r50.pth --data=cub200 --data-path=CUB --out=raw.h5
"""

import dataclasses
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import command
import engines
import numpy as np

from datasets.errors import InputError
from datasets.files import lock
from datasets.images.base import ImageSet
from datasets.images.skipped import MAX_BAD, Skipped
from datasets.sources import image_source
from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from embedding import build
from embedding.batches.decode import RESIZES, parse_size
from embedding.evaluation.judge import table
from embedding.extraction import join, run
from embedding.extraction.begin import DTYPES, begin
from embedding.extraction.job import Job, opened
from embedding.options import TrainOptions
from hashing import build as hash_build
from hashing import codes
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
    dtype: str = "float32"
    """Type of the vectors in the file: float32, or float16 for half the size."""
    max_bad: float = MAX_BAD
    """Share of the pictures that may be unreadable, never fewer than 20; they are left out, and named in
    NAME.skipped.csv."""
    batch_size: int = 32
    """Pictures that the network sees at once."""
    piece: int | None = None
    """Vectors after which they are written to disk, a multiple of the batch size; a fiftieth of all, 4096 at most, if
    not given."""
    gpus: str = ""
    """Devices such as 0 or 0,1; the CPU if not given."""
    workers: int = 2
    """Threads that decode images."""


def main(options: ExtractOptions) -> None:
    """Extract piece by piece, going on from what is there; score where there are labels, and save."""
    _check(options)
    whole = image_source.load(options.data, options.data_path, boxes=options.boxes)
    images = _part(whole, options.part)
    rows = np.union1d(images.query, images.gallery)
    job = _job(options, images, rows)
    skipped = Skipped(len(rows), max_bad=options.max_bad)
    held = lock.hold(job.folder, flag="--out")
    run.here(job, skipped)
    if len(images.class_names) > 1:
        _save_scored(options, whole, images, rows, job)
    else:  # no labels, no scores, and perhaps too many for the memory
        _save_joined(options, images.title, job)
    beside = options.out.with_suffix(".skipped.csv")
    skipped.save(beside)
    if line := skipped.line(beside):
        print(line)
    shutil.rmtree(job.folder)
    os.close(held)


def _save_joined(options: ExtractOptions, name: str, job: Job) -> None:
    facts = job.engine.facts
    told = {"network": facts.network, "model": facts.model, "engine": job.engine.name}
    count, dim = join.into_file(job, options.out, name=name, attrs=told, pack=codes.pack if facts.codes else None)
    print(f"{count} x {dim} {'bits' if facts.codes else 'vectors'}: {options.out}")


def _save_scored(options: ExtractOptions, whole: ImageSet, images: ImageSet, rows: np.ndarray, job: Job) -> None:
    """Score the vectors, whose true neighbors are computed, and save them."""
    kept = np.full((len(images), job.engine.facts.dim), np.nan, np.float32)
    kept[rows] = join.into_memory(job)
    asked = _judged_as(options)
    judge = build.judge(asked, images, [], kept=kept)
    if isinstance(asked, HashOptions):
        known = hash_build.was_trained_on(options.run, whole)  # of other sets, no image was
        judge = HashJudge(judge, images if known else dataclasses.replace(images, train=images.train[:0]), asked)
    vectors = judge.vectors(None)
    if vectors.metric == "hamming" or not images.several_labels:
        print(table([{"row": options.part, "data": judge.title, **judge.scores_of(vectors)}]))
    if vectors.metric != "hamming":
        vectors = _of_type(vectors, options.dtype)
    vectors_file.save(options.out, vectors)
    kind = "bits" if vectors.metric == "hamming" else "vectors"
    print(f"{len(vectors.gallery)} x {vectors.dim} {kind}: {options.out}")


def _of_type(vectors: VectorSet, dtype: str) -> VectorSet:
    gallery = vectors.gallery.astype(dtype, copy=False)
    queries = gallery if vectors.leave_one_out else vectors.queries.astype(dtype, copy=False)
    return dataclasses.replace(vectors, gallery=gallery, queries=queries)


def _judged_as(options: ExtractOptions) -> TrainOptions:
    """What says how the vectors are scored: the options of the run, or the usual ones."""
    if options.run is None:
        return TrainOptions()
    kind = HashOptions if hash_build.is_hashing_run(options.run) else TrainOptions
    return build.stored_options(options.run, kind)


def _job(options: ExtractOptions, images: ImageSet, rows: np.ndarray) -> Job:
    opener = _opener(options, images)
    facts = opened(opener).facts
    return begin(
        options.out.with_suffix(".pieces"),
        images,
        rows,
        opener,
        size=parse_size(options.image_size, "--image-size") if options.image_size else facts.size,
        resize=options.resize or facts.resize,
        dtype=options.dtype,
        batch_size=options.batch_size,
        piece=options.piece,
        workers=options.workers,
    )


def _check(options: ExtractOptions) -> None:
    if options.out.is_dir():
        raise InputError(f"--out={options.out}: is a folder; name the file to write, such as {options.out}/vectors.h5")
    _check_ending(options.out)
    if options.run is not None:
        command.there("--run", options.run)
    if options.dtype not in DTYPES:
        raise InputError(f"--dtype={options.dtype}: must be one of {', '.join(DTYPES)}")
    if options.resize not in (None, *RESIZES):
        raise InputError(f"--resize={options.resize}: must be one of {', '.join(RESIZES)}")
    if not 0 <= options.max_bad <= 1:
        raise InputError(f"--max-bad={options.max_bad}: must lie between 0 and 1")
    for name in ("batch_size", "piece", "workers"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise InputError(f"--{name.replace('_', '-')}={value}: must be above 0")


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


def _opener(options: ExtractOptions, images: ImageSet) -> engines.Opener:
    """What opens the network that the options name."""
    if options.run is not None:
        for name in ("model", "use_pretrained", "pool"):
            if (given := getattr(options, name)) != getattr(ExtractOptions, name):
                raise InputError(f"--{name.replace('_', '-')}={given}: --run names the network; give one of the two")
        return engines.of_run(options.run, options.checkpoint, gpus=options.gpus)
    if not options.use_pretrained:
        raise InputError("nothing to extract with: give --run=FOLDER, or --model=NAME with --use-pretrained=FILE")
    described = TrainOptions(
        model=options.model, use_pretrained=options.use_pretrained, pool=options.pool, image_size=options.image_size
    ).resolve(images)
    described.check()
    return engines.of_trunk(described, gpus=options.gpus)


if __name__ == "__main__":
    command.main(main, ExtractOptions)
