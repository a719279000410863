"""Coded: search_text.py by the codes of a run of train_cross.py."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import engines
import numpy as np

from ann_bench.sweep import gallery_index
from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.lists.described import lines
from datasets.vectors.base import VectorSet
from embedding.extraction import memory
from embedding.report.thumbnails import read_image
from embedding.search import found
from embedding.search.found import Hit
from embedding.serving import openers
from embedding.serving.family import of_options
from hashing import codes
from hashing.serving.family import CROSS
from vse.search import page

if TYPE_CHECKING:
    from hashing.cross.search import Coded, Coder

EXACT = 1_000_000  # codes up to which all are compared
INDEX = "faiss_binary"  # beyond
TEXTS = "i2t.h5"  # file of a run folder: the codes of texts


class Asked(Protocol):
    """The flags of search_text.py that say what is searched, with what, and how."""

    sentence: tuple[str, ...]
    run: Path
    k: int
    images: Path | None
    vectors: Path | None
    index: str
    image: str
    sentences: Path | None
    grid: bool
    engine: str
    gpus: str


def is_run(folder: Path) -> bool:
    """Whether a run folder is one of train_cross.py."""
    return of_options(engines.FAMILIES, openers.options_of(folder, "best")) is CROSS


def main(options: Asked, place: Path) -> Path:
    """Search, print what was found, and write the page, whose path is returned."""
    if options.images:
        line = f"--images={options.images}: a run of codes searches a file of them; make it by extract.py --run"
        raise InputError(f"{line}={options.run}, and name it by --vectors")
    return (_texts if options.image else _pictures)(options, place)


def _pictures(options: Asked, place: Path) -> Path:
    """Pictures for sentences."""
    from hashing.cross import search

    coder = search.Coder(options.run, options.gpus)
    asked = list(dict.fromkeys(options.sentence))
    asking = coder.sentences(asked)
    searched = search.of_file(options.vectors or options.run, coder, "--vectors" if options.vectors else "")
    name = options.index or (INDEX if len(searched) > EXACT else "")
    if name:
        whole = VectorSet(searched.vectors.name, "hamming", searched.vectors.gallery, searched.vectors.gallery[:1])
        index = gallery_index.kept_index(name, whole, beside=searched.file)
        ranked = search.by_index(asking, searched, index.search(asking, min(options.k, len(searched)))[0])
    else:
        ranked = search.nearest(asking, searched, options.k)
    by_sentence = dict(zip(asked, found.hits(ranked, searched.names), strict=True))
    for sentence, its in by_sentence.items():
        print(f"\n{sentence}\n{table(its)}")
    what = f"{len(searched):,} images of {searched.vectors.name}"
    facts = [what, f"codes of {coder.bits} bits", f"by {name}" if name else "all compared"]
    return page.write_pictures(place, by_sentence, page.Source(str(options.run), facts), grid=options.grid)


def _texts(options: Asked, place: Path) -> Path:
    """Texts for a picture: those of the run's gallery, or the lines of a file."""
    from hashing.cross import search

    asking = _code(options)
    coder = search.Coder(options.run, options.gpus)
    lines_of = options.sentences
    searched = _of_lines(lines_of, coder) if lines_of else search.of_file(options.run / TEXTS, coder)
    (hits,) = found.hits(search.nearest(asking, searched, options.k), searched.names)
    print(f"\n{options.image}\n{table(hits)}")
    facts = [f"{len(searched):,} texts of {searched.vectors.name}", f"codes of {coder.bits} bits"]
    return page.write_sentences(place, options.image, hits, page.Source(str(options.run), facts))


def _of_lines(path: Path, coder: "Coder") -> "Coded":
    """The known sentences of a text file, one a line, with their codes."""
    from hashing.cross import search

    if not path.is_file():
        raise InputError(f"--sentences={path}: is no file; name a text file with a sentence a line")
    known = tuple(dict.fromkeys(line.strip() for line in lines(path) if line.strip() and coder.knows(line)))
    if not known:
        raise InputError(f"--sentences={path}: has no sentence of which this network knows a word")
    made = coder.sentences(known)
    return search.Coded(VectorSet(path.name, "hamming", made, made[:1]), known, path)


def _code(options: Asked) -> np.ndarray:
    """The code (1, bytes) of --image."""
    pixels = read_image(options.image)
    if pixels is None:
        raise InputError(f"--image={options.image}: cannot be read; name an image file, or a row as scenes[3310]")
    nothing, row = np.zeros(0, np.int64), np.zeros(1, np.int64)
    alone = ImageSet("image", pixels[None], np.zeros(1, np.int64), ("image",), nothing, row, row)
    engine = engines.of_run(options.run, engine=options.engine, gpus=options.gpus)()
    return codes.pack(memory.vectors(engine, alone, row, size=engine.facts.size, resize=engine.facts.resize))


def table(hits: list[Hit]) -> str:
    """What was found, a line each: its rank, its score, its name."""
    return "\n".join(f"{rank:5}  {hit.score:7.4f}  {found.on_a_line(hit.name)}" for rank, hit in enumerate(hits, 1))
