"""Search photographs with a sentence, or sentences with a photograph, by a network of train_vse.py or train_cross.py.

python scripts/search_text.py --run=runs/f8k "two dogs play in the snow" -k 12         the test images of the run
python scripts/search_text.py --run=runs/f8k "a red car" --images ~/Pictures           any folder of images
python scripts/search_text.py --run=runs/f8k --image=dog.jpg                           which captions describe it
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import command
import hashed
import indexed
import numpy as np
import tyro

from ann_bench.sweep import gallery_index
from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import MAX_PIXELS
from datasets.images.skipped import MAX_BAD, check_share
from datasets.stored import vectors_file
from embedding.report.thumbnails import read_image
from embedding.search import found
from embedding.search.gallery import Gallery
from vse.search import folder, gallery, page, search, sentences
from vse.search.searcher import Searcher
from vse.serving import opened

EXACT = 100_000  # images up to which all are compared
INDEX = "hnswlib"  # beyond
OF_IMAGES = ("images", "vectors", "index", "grid")  # flags that --image has no use for


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """Search photographs with a sentence, or sentences with a photograph, by a network of train_vse.py."""

    sentence: tyro.conf.Positional[tuple[str, ...]] = ()
    """What the pictures are to show; several sentences are searched one by one."""
    run: Path
    """Run folder of train_vse.py or train_cross.py, whose best network searches; that of the latter by codes."""
    k: Annotated[int, tyro.conf.arg(aliases=["-k"])] = 12
    """How many pictures, or sentences, to find."""
    images: Path | None = None
    """Folder of images to search, at any depth; embedded once. The test images of the run if not given."""
    max_bad: float = MAX_BAD
    """Share of --images that may be unreadable and are then skipped, never fewer than 20; 0 for none."""
    vectors: Path | None = None
    """Vectors file whose gallery is searched, made by the same network."""
    index: str = ""
    """Search through this index of ann_bench; every image is compared up to 100,000, and hnswlib used beyond, if not
    given."""
    image: str = ""
    """The other way round: find the sentences that describe this picture, a file or a row such as scenes[3310]."""
    sentences: Path | None = None
    """Text file with a sentence a line to search with --image; the captions of the run's test images if not given."""
    out: Path | None = None
    """Folder of the page; RUN/search if not given."""
    grid: bool = False
    """Write grid.png beside the page too: a row a sentence with its first pictures."""
    max_pixels: int = MAX_PIXELS
    """Most pixels that a picture may have; a larger one counts as unreadable, and is not decoded."""
    engine: str = "auto"
    """What computes: onnx, mxnet, or auto, the faster that is installed."""
    gpus: str = ""
    """Devices such as 0 or 0,1; the CPU if not given."""

    def check(self) -> None:
        """Raises InputError where flags are out of their range or do not go together."""
        if self.k < 1:
            raise InputError(f"-k {self.k}: must be at least 1")
        check_share(self.max_bad)
        if not self.sentence and not self.image:
            raise InputError('nothing to search with: give a sentence, "two dogs play in the snow", or --image=FILE')
        if self.image and self.sentence:
            raise InputError(f"--image={self.image}: searches sentences, and cannot go with one to search with")
        for name in OF_IMAGES:
            if self.image and getattr(self, name):
                raise InputError(f"--{name} is for searching images, and --image searches sentences: leave one out")
        if self.index:
            gallery_index.check(self.index)
        if self.images and self.vectors:
            raise InputError("--images and --vectors: both name what to search; give one")
        if self.sentences and not self.image:
            raise InputError(f"--sentences={self.sentences}: is searched with --image=FILE; give it, or leave this out")


def main(options: SearchOptions) -> None:
    """Search, print what was found, and write the page."""
    options.check()
    run, place = command.there("--run", options.run), options.out or options.run / "search"
    if hashed.is_run(run):
        print(f"page: {hashed.main(options, place)}")
        return
    searcher = opened.searcher(run, engine=options.engine, gpus=options.gpus)
    written = (_sentences if options.image else _pictures)(options, searcher, place)
    print(f"page: {written}")


def _pictures(options: SearchOptions, searcher: Searcher, place: Path) -> Path:
    """Pictures for sentences."""
    if options.index and searcher.similarity == "order":
        raise InputError(f"--index={options.index}: no index searches by order, as this network does; leave it out")
    asked = list(dict.fromkeys(options.sentence))
    vectors = sentences.asked(asked, searcher.embedder)
    searched = _gallery(options, searcher)
    name = options.index or (INDEX if len(searched) > EXACT and searcher.similarity == "cosine" else "")
    ranked = indexed.search(name, vectors, searched, options.k) if name else None
    ranked = ranked or search.images_for(vectors, searched.vectors, options.k, similarity=searcher.similarity)
    by_sentence = dict(zip(asked, found.hits(ranked, searched.paths), strict=True))
    for sentence, its in by_sentence.items():
        print(f"\n{sentence}\n{hashed.table(its)}")
    facts = [f"{len(searched):,} images of {searched.name}", f"by {name}" if name else "all compared"]
    return page.write_pictures(place, by_sentence, page.Source(str(options.run), facts), grid=options.grid)


def _gallery(options: SearchOptions, searcher: Searcher) -> Gallery:
    if options.images:
        return folder.of_folder(options.images, options.run, searcher.embedder, max_bad=options.max_bad)
    dim = searcher.dim
    if options.vectors:
        return gallery.of_file(options.vectors, options.run, dim=dim)
    return gallery.of_run(options.run, dim=dim)


def _sentences(options: SearchOptions, searcher: Searcher, place: Path) -> Path:
    """Sentences for a picture."""
    dim, similarity = searcher.dim, searcher.similarity
    if options.sentences:
        searched = sentences.of_file(options.sentences, searcher.embedder)
    else:
        searched = sentences.of_run(options.run, dim=dim)
    vector = _embedded(options, searcher)
    ranked = search.sentences_for(vector, searched.vectors, options.k, similarity=similarity)
    (hits,) = found.hits(ranked, searched.texts)
    print(f"\n{options.image}\n{hashed.table(hits)}")
    source = page.Source(str(options.run), [f"{len(searched.texts):,} sentences, {searched.name}"])
    return page.write_sentences(place, options.image, hits, source)


def _embedded(options: SearchOptions, searcher: Searcher) -> np.ndarray:
    """The embedding (1, D) of --image: a test image of the run, by its name, or any other that can be read."""
    if (options.run / vectors_file.NAME).exists():
        known = gallery.of_run(options.run, dim=searcher.dim)
        if options.image in known.paths:
            return np.array(known.vectors[known.paths.index(options.image)])[None]
    pixels = read_image(options.image)
    if pixels is None:
        raise InputError(f"--image={options.image}: cannot be read; name an image file, or a row as scenes[3310]")
    nothing, row = np.zeros(0, np.int64), np.zeros(1, np.int64)
    alone = ImageSet("image", pixels[None], np.zeros(1, np.int64), ("image",), nothing, row, row)
    return searcher.embedder.images(alone, row)


if __name__ == "__main__":
    command.main(main, SearchOptions)
