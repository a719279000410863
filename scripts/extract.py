"""Write the vectors file of an image set or a folder, with a trained network or a pretrained trunk.

Of a hashing network the vectors are its codes.

python scripts/extract.py --run=runs/demo --data=glyphs --out=glyphs.h5
python scripts/extract.py --run=runs/cub --data=files --data-path=~/Pictures --out=pictures.h5
python scripts/extract.py --use-pretrained=efficientnet_lite0 --data=files --data-path=~/Pictures --out=pictures.h5
python scripts/extract.py --model=resnet50_v1b --use-pretrained=r50.pth --data=cub200 --data-path=CUB --out=raw.h5
python scripts/extract.py --run=runs/gem --data=roxford5k --multiscale="[1, 0.7, 1/2]" --whitening=w.npz --out=gem.h5
python scripts/extract.py --model=clip_vision.onnx --data-path=~/Pictures --out=clip.h5
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import command
import engines
import named
import numpy as np

from datasets.cluster import place
from datasets.cluster.connect import connect
from datasets.errors import InputError
from datasets.files import lock
from datasets.images.base import ImageSet
from datasets.images.pixels import MAX_PIXELS
from datasets.images.skipped import MAX_BAD, Skipped, beside_file, check_share
from datasets.sources import image_source
from datasets.stored import vectors_file
from embedding.batches.decode import OWN, RESIZES, parse_size, show_size
from embedding.evaluation.whiten import check_apart
from embedding.extraction import clustered, join, pieces, run
from embedding.extraction.begin import DTYPES, begin
from embedding.extraction.job import Job, opened
from embedding.serving import scaled
from hashing import codes

PARTS = ("test", "train", "all")

_ON_GPUS, _ON_CPU = 64, {"onnx": 32, "mxnet": 8}  # pictures of a batch
_APART = 16  # of one whose pictures have sizes of their own, and are large
_LONGEST = 1024  # pixels, as instance retrieval is judged


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
    """Trunk whose pooled features are the vectors, without --run; or an ONNX file of any encoder of pictures."""
    use_pretrained: str = ""
    """Weights for that trunk: a .safetensors or .pth file of torchvision or timm; efficientnet_lite0, 1 or 2 by pip."""
    pool: str = "avg"
    """Pooling of that trunk's feature map, such as gem; of the tokens of an ONNX file's encoder class or mean."""
    output: str = ""
    """Output of an ONNX file that is the vector, where it has several."""
    mean: str = ""
    """What an ONNX file's encoder wants subtracted, 0.5 or 0.485,0.456,0.406; what the file tells, else ImageNet's, if
    not given."""
    std: str = ""
    """What it wants that divided by."""
    range: str = ""
    """Largest value of the pictures that --mean and --std are of, 1 or 255; 1 unless one of them is above 1, if not
    given."""
    data: str = "files"
    """Image set; files is any folder of images without labels."""
    data_path: Path | None = None
    """Folder that holds the set as it was unpacked, data/ if not given; for files, the folder of images."""
    boxes: bool = False
    """Crop every image to its annotated box."""
    part: str = "test"
    """Which images: test (query and gallery), train or all."""
    image_size: str = ""
    """Size in pixels, 224 or 256x128; as in the run's test, or the set's own, if not given. Of --resize=own the longest
    side, 1024 if not given."""
    resize: str | None = None
    """How an image becomes a square: crop or stretch; or own, which keeps its proportions and enlarges nothing; as in
    the run, or crop, if not given."""
    multiscale: str = ""
    """Scales at which every image is seen, such as "[1, 1/2**(1/2), 1/2]"; its vector is their mean."""
    whitening: Path | None = None
    """Whitening that the vectors go through, an .npz file that was learned on another set."""
    dtype: str = "float32"
    """Type of the vectors in the file: float32, or float16 for half the size."""
    max_pixels: int = MAX_PIXELS
    """Most pixels that a picture may have; a larger one counts as unreadable, and is not decoded."""
    max_bad: float = MAX_BAD
    """Share of the images that may be unreadable and are then skipped, never fewer than 20; 0 for none."""
    engine: str = "auto"
    """What computes: onnx, mxnet, or auto, the faster that is installed."""
    int8: bool = False
    """Compute in whole numbers of 8 bits, chosen by some hundred of the pictures; what that costs is printed."""
    batch_size: int | None = None
    """Pictures that the network sees at once; 64 on GPUs, 32 on the CPU (of MXNet 8, for less memory) if not given."""
    piece: int | None = None
    """Vectors after which they are written to disk, a multiple of the batch size; a fiftieth of all, 4096 at most, if
    not given."""
    gpus: str = ""
    """Devices such as 0 or 0,1; the CPU if not given."""
    workers: int = 2
    """Threads that decode images; of a cluster, those of each worker."""
    cluster: str = ""
    """Who makes the vectors: local:4, so many processes; slurm:8, so many jobs; or the address of a Dask scheduler,
    tcp://host:8786; this process if not given."""


def main(options: ExtractOptions) -> None:
    """Extract piece by piece, going on from what is there; score where there are labels, and save."""
    _check(options)
    whole = image_source.load(options.data, options.data_path, boxes=options.boxes)
    images = _part(whole, options.part)
    rows = np.union1d(images.query, images.gallery)
    if _is_scored(images) and (found := scaled.loaded(options.whitening)):
        check_apart(found, images)
    opener = scaled.over(named.opener(options, images), options.multiscale, options.whitening)
    skipped, folder = Skipped(len(rows), max_bad=options.max_bad), options.out.with_suffix(".pieces")
    with lock.alone(folder, flag="--out"):
        job = _job(options, images, rows, opener, folder)
        try:
            _make(options, job, skipped)
            _save(options, whole, images, rows, job, skipped)
        finally:
            pieces.leave(job)
        if line := skipped.line(beside_file(options.out)):
            print(line)
        shutil.rmtree(folder, ignore_errors=True)  # NFS keeps what is open, such as the lock, until this process ends


def _save(
    options: ExtractOptions, whole: ImageSet, images: ImageSet, rows: np.ndarray, job: Job, skipped: Skipped
) -> None:
    if _is_scored(images):
        _save_scored(options, whole, images, rows, job, skipped)
    else:  # no labels, no scores, and perhaps too many for the memory
        _save_joined(options, images.title, job)


def _is_scored(images: ImageSet) -> bool:
    return len(images.class_names) > 1


def _make(options: ExtractOptions, job: Job, skipped: Skipped) -> None:
    """Make all pieces, here or on a cluster; however it ends, what was skipped is kept in a file."""
    try:
        with connect(options.cluster) as pool:
            clustered.by(pool, job, skipped) if pool.remote else run.here(job, skipped)
    finally:
        _save_skipped(skipped, beside_file(options.out))


def _save_skipped(skipped: Skipped, path: Path) -> None:
    try:
        skipped.save(path)
    except OSError as error:
        line = f"{path}: cannot be written, make room ({error.strerror}); the same command goes on from what is done"
        raise InputError(line) from None


def _job(options: ExtractOptions, images: ImageSet, rows: np.ndarray, opener: engines.Opener, folder: Path) -> Job:
    engine = opened(opener)
    facts, usual = engine.facts, _ON_GPUS if options.gpus else _ON_CPU[engine.name]
    resize = options.resize or facts.resize
    longest = resize == OWN and facts.resize != OWN and not options.image_size
    return begin(
        folder,
        images,
        rows,
        opener,
        size=parse_size(options.image_size or (_LONGEST if longest else facts.size), "--image-size"),
        resize=resize,
        dtype=options.dtype,
        batch_size=options.batch_size or (_APART if resize == OWN else usual),
        piece=options.piece,
        workers=options.workers,
    )


def _told(options: ExtractOptions, job: Job) -> dict[str, str]:
    """What is told in the file of how its vectors were made."""
    facts = job.engine.facts
    told = {"network": facts.network, "model": facts.model, "engine": job.engine.name}
    told |= {"resize": job.resize, "image_size": show_size(job.size)}
    return told | scaled.told(options.multiscale, options.whitening)


def _save_joined(options: ExtractOptions, name: str, job: Job) -> None:
    facts = job.engine.facts
    how = {"name": name, "attrs": _told(options, job)}
    count, dim = join.into_file(job, options.out, **how, pack=codes.pack if facts.codes else None)
    print(f"{count} x {dim} {'bits' if facts.codes else 'vectors'}: {options.out}")


def _save_scored(
    options: ExtractOptions, whole: ImageSet, images: ImageSet, rows: np.ndarray, job: Job, skipped: Skipped
) -> None:
    import scoring  # which needs MXNet

    kept = np.full((len(images), job.engine.facts.dim), np.nan, np.float32)
    kept[rows] = join.into_memory(job)
    vectors = scoring.scored(kept, whole, images, skipped, run=options.run, part=options.part, dtype=options.dtype)
    vectors_file.save(options.out, replace(vectors, attrs={**vectors.attrs, **_told(options, job)}))
    kind = "bits" if vectors.metric == "hamming" else "vectors"
    print(f"{len(vectors.gallery)} x {vectors.dim} {kind}: {options.out}")


def _check(options: ExtractOptions) -> None:
    if options.out.is_dir():
        raise InputError(f"--out={options.out}: is a folder; name the file to write, such as {options.out}/vectors.h5")
    command.hdf5(options.out)
    place.read(options.cluster)
    if options.run is not None:
        command.there("--run", options.run)
    if options.dtype not in DTYPES:
        raise InputError(f"--dtype={options.dtype}: must be one of {', '.join(DTYPES)}")
    if options.image_size:
        height, width = parse_size(options.image_size, "--image-size")
        if options.resize == OWN and height != width:
            raise InputError(f"--image-size={options.image_size}: give the longest side alone with --resize=own")
    scaled.check(options.multiscale, options.whitening)
    if options.resize not in (None, *RESIZES):
        raise InputError(f"--resize={options.resize}: must be one of {', '.join(RESIZES)}")
    check_share(options.max_bad)
    for name in ("batch_size", "piece", "workers"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise InputError(f"--{name.replace('_', '-')}={value}: must be above 0")


def _part(images: ImageSet, part: str) -> ImageSet:
    if part not in PARTS:
        raise InputError(f"--part={part}: must be one of {', '.join(PARTS)}")
    if part == "test":
        return images.require("query", "gallery")
    rows = images.train if part == "train" else np.arange(len(images))
    if not len(rows):
        raise InputError(f"--part={part}: dataset {images.name} has no such images")
    return images.with_split(train=images.train, query=rows, gallery=rows)


if __name__ == "__main__":
    command.main(main, ExtractOptions)
