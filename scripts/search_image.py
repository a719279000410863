"""Search pictures with a picture: which of a folder show the same thing, or the same place.

python scripts/search_image.py photo.jpg --images=~/Pictures --use-pretrained=efficientnet_lite0 --rerank=50
python scripts/search_image.py photo.jpg --images=~/Pictures --run=runs/books --multiscale="[1, 1/2**(1/2)]"
python scripts/search_image.py a.jpg b.jpg --images=shots.zip --network-path=gem.pth --expand=aqe=5 -k 20
python scripts/search_image.py photo.jpg --crop=40,60,300,200 --vectors=pictures.h5 --model=clip_vision.onnx
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, ClassVar

import command
import networks
import numpy as np
import tyro

from ann_bench.sweep import gallery_index
from datasets.errors import InputError
from datasets.images import files
from datasets.images.pixels import MAX_PIXELS
from datasets.images.skipped import MAX_BAD, check_share
from datasets.vectors.base import VectorSet
from embedding.reranking import methods
from embedding.search import asked, found, page, same
from embedding.search.gallery import Gallery
from embedding.search.same import Searched

EXACT = 100_000  # pictures up to which all are compared
INDEX = "hnswlib"  # beyond
SPARE = 20  # rows that an index is asked for beyond those shown: some of them are the picture itself


@dataclass(frozen=True, kw_only=True)
class SearchImageOptions(networks.NetworkOptions):
    """Search pictures with a picture: which of a folder show the same thing, or the same place."""

    ALIASES: ClassVar[dict[str, str]] = networks.ALIASES

    pictures: tyro.conf.Positional[tuple[str, ...]] = ()
    """What is searched with: paths or addresses, each by itself. A picture of the folder asks for the others."""
    images: str = ""
    """What is searched: a folder, a .zip or .tar, a list of paths, or a pattern in quotes; embedded once and kept."""
    vectors: Path | None = None
    """Vectors file whose gallery is searched, made by the same network in the same way."""
    k: Annotated[int, tyro.conf.arg(aliases=["-k"])] = 12
    """How many pictures to find."""
    crop: str = ""
    """The part of the picture that asks, x,y,width,height in pixels."""
    expand: str = ""
    """Re-ranking by vectors, such as aqe=5, alpha-qe=10:3 or dba=10, diffusion=50; several with commas, in order."""
    rerank: int = 0
    """So many of the first are compared with the picture by local features and put in a new order; 0 for none."""
    index: str = ""
    """Search through this index of ann_bench; every picture is compared up to 100,000, and hnswlib used beyond, if not
    given."""
    out: Path = Path("search")
    """Folder of the page."""
    kept: Path = Path("data/galleries")
    """Folder where the vectors and local features of --images are kept."""
    max_bad: float = MAX_BAD
    """Share of --images that may be unreadable and are then skipped, never fewer than 20; 0 for none."""
    max_pixels: int = MAX_PIXELS
    """Most pixels that a picture may have; a larger one counts as unreadable, and is not decoded."""

    def check(self) -> None:
        """Raises InputError where flags are out of their range or do not go together."""
        if not self.pictures:
            raise InputError("nothing to search with: name a picture, photo.jpg, or several")
        if self.k < 1:
            raise InputError(f"-k {self.k}: must be at least 1")
        if self.rerank < 0:
            raise InputError(f"--rerank={self.rerank}: must be 0 or above")
        check_share(self.max_bad)
        if bool(self.images) == (self.vectors is not None):
            both = "both name what to search; give one" if self.images else "give one of them, what to search"
            raise InputError(f"--images and --vectors: {both}")
        if self.index:
            gallery_index.check(self.index)
        if self.index and self.expand:
            raise InputError(f"--index={self.index}: --expand={self.expand} compares all pictures; leave one out")
        methods.parse(self.expand, "--expand")


def main(options: SearchImageOptions) -> None:
    """Search, print what was found, and write the page."""
    options.check()
    network = networks.named(options)
    questions = asked.pictures(options.pictures, options.crop)
    vectors = network.vectors(questions)
    gallery = _gallery(options, network)
    own = asked.own_rows(questions.images, gallery.paths)
    searched = Searched(questions, vectors, gallery, own)
    ranked, how = _ranked(options, searched)
    if options.rerank:
        ranked = same.reranked(searched, ranked, options.rerank, folder=options.kept / "features")
        how += f", the first {options.rerank} compared by local features"
    shown = same.questions(searched, ranked, options.k)
    for question in shown:
        print(f"\n{question.name}\n{_table(question.answers)}")
    facts = [f"{len(gallery):,} pictures of {gallery.name}", how, network.told]
    print(f"page: {page.write_found(options.out, shown, facts)}")
