"""Search photographs with a sketch: which of a folder show what it draws.

python scripts/search_sketch.py duck.png --images=~/Pictures --run=runs/sketches-triplet
python scripts/search_sketch.py sketches/ --images=shots.zip --run=runs/sketchy-deep_sketch --k=20
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import command
import numpy as np
import tyro

from datasets.errors import InputError
from datasets.images import files
from datasets.images.base import ImageSet
from datasets.images.pixels import MAX_PIXELS, Unreadable
from datasets.images.skipped import MAX_BAD, Skipped, check_share
from datasets.vectors import exact
from embedding.batches import decode
from embedding.extraction.described import Describer
from embedding.extraction.job import opened
from embedding.search import asked, folder, found, page
from embedding.search.folder import Place
from embedding.search.found import on_a_line
from embedding.search.gallery import Gallery
from embedding.search.page import Answer, Question
from embedding.serving.openers import Opener
from hashing import codes
from hashing.sketches.serving.opened import sides


@dataclass(frozen=True, kw_only=True)
class SearchSketchOptions:
    """Search photographs with a sketch: which of a folder show what it draws."""

    sketches: tyro.conf.Positional[tuple[str, ...]] = ()
    """What is searched with: files, folders or addresses of sketches, each sketch by itself."""
    run: Path | None = None
    """Run folder of train_sketch.py, of vectors or of codes."""
    checkpoint: str = "best"
    """Which network of the run: best or last."""
    images: str = ""
    """What is searched: a folder, a .zip or .tar, a list of paths, or a pattern in quotes; embedded once and kept."""
    k: Annotated[int, tyro.conf.arg(aliases=["-k"])] = 12
    """How many photographs to find."""
    out: Path = Path("search")
    """Folder of the page."""
    kept: Path = Path("data/galleries")
    """Folder where the vectors of --images are kept."""
    engine: str = "auto"
    """What computes: onnx, mxnet, or auto, the faster that is installed."""
    gpus: str = ""
    """Devices such as 0 or 0,1; the CPU if not given."""
    workers: int = 2
    """Threads that decode pictures."""
    max_bad: float = MAX_BAD
    """Share of --images that may be unreadable and are then skipped, never fewer than 20; 0 for none."""
    max_pixels: int = MAX_PIXELS
    """Most pixels that a picture may have; a larger one counts as unreadable, and is not decoded."""

    def check(self) -> None:
        """Raises InputError where flags are out of their range or missing."""
        if not self.sketches:
            raise InputError("nothing to search with: name a sketch, duck.png, or a folder of them")
        if self.run is None:
            raise InputError("no network is named: give --run=FOLDER, a run of train_sketch.py")
        if not self.images:
            raise InputError("nothing to search: give --images=FOLDER")
        for name in ("k", "workers"):
            if getattr(self, name) < 1:
                raise InputError(f"--{name}={getattr(self, name)}: must be at least 1")
        check_share(self.max_bad)


def main(options: SearchSketchOptions) -> None:
    """Search, print what was found, and write the page."""
    options.check()
    run = command.there("--run", options.run)
    questions = asked.pictures(_sketches(options.sketches))
    seen = [_asking(questions, row) for row in questions.query]  # told before anything takes time
    of_sketches, of_photographs = (
        _describer(side, options.workers)
        for side in sides(run, options.checkpoint, engine=options.engine, gpus=options.gpus)
    )
    gallery = _gallery(options, of_photographs)
    facts = of_sketches.engine.facts
    answers = _answers(of_sketches.now(questions, questions.query), gallery, options.k, bits=facts.dim * facts.codes)
    asking = [Question(*about) for about in zip(questions.images, seen, answers, strict=True)]
    for question in asking:
        print(f"\n{on_a_line(question.name)}\n{_table(question.answers)}")
    score = f"score: 1 - differing bits / {facts.dim}" if facts.codes else "score: cosine"
    told = [f"{len(gallery):,} photographs of {gallery.name}", "all compared", score, f"{run}, {options.checkpoint}"]
    print(f"\n{score}\npage: {page.write_found(options.out, asking, told)}")


def _sketches(named: Sequence[str]) -> list[str]:
    """The paths of all sketches, of a folder those that lie in it, at any depth."""
    found = []
    for name in named:
        place = Path(name).expanduser()
        found += files.load(name).images if place.is_dir() else [str(place) if place.exists() else name]
    return found


def _asking(questions: ImageSet, row: int) -> np.ndarray:
    try:
        return decode.fit(decode.read(questions, int(row)), page.SIDE, resize=decode.OWN)
    except Unreadable as error:
        raise InputError(f"{error.path}: {error.reason}; it cannot ask: give another") from None


def _describer(opener: Opener, workers: int) -> Describer:
    facts = opened(opener).facts
    return Describer(opener, facts.size, facts.resize, workers)


def _gallery(options: SearchSketchOptions, describer: Describer) -> Gallery:
    images = files.load(options.images)
    place = Place(images.name, folder.root(options.images), images.images)
    how = {"network": describer.network, "max_bad": options.max_bad, "flag": "--kept"}

    def embed(pictures: ImageSet, rows: np.ndarray, skipped: Skipped, file: Path) -> np.ndarray:
        return describer.piecewise(pictures, rows, skipped, file.with_suffix(folder.PIECES))

    return folder.gallery_of(place, options.kept, embed, **how)


def _answers(vectors: np.ndarray, gallery: Gallery, k: int, *, bits: int) -> list[list[Answer]]:
    """The first ``k`` photographs for each sketch; by codes of so many ``bits``, 0 for vectors."""
    if bits:
        packed = (codes.pack(np.asarray(rows)) for rows in (vectors, gallery.vectors))
        neighbors, distances = exact.search(*packed, min(k, len(gallery)), metric="hamming")
        ranked = neighbors, 1 - distances / bits
    else:
        ranked = exact.search(vectors, gallery.vectors, min(k, len(gallery)), metric="inner_product")
    return [[Answer(hit.name, hit.score) for hit in hits] for hits in found.hits(ranked, gallery.paths)]


def _table(answers: Sequence[Answer]) -> str:
    return "\n".join(
        f"{rank:5}  {answer.score:7.4f}  {on_a_line(answer.name)}" for rank, answer in enumerate(answers, 1)
    )


if __name__ == "__main__":
    command.main(main, SearchSketchOptions)
