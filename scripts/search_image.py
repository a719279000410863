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
import indexed
import networks
import numpy as np
import tyro
from networks import Network

from ann_bench.sweep import gallery_index
from datasets.errors import InputError
from datasets.images import files
from datasets.images.base import ImageSet
from datasets.images.pixels import MAX_PIXELS, Unreadable
from datasets.images.skipped import MAX_BAD, Skipped, check_share
from datasets.stored import vectors_file
from datasets.vectors import exact
from embedding.batches import decode
from embedding.batches.decode import show_size
from embedding.extraction.described import Describer
from embedding.reranking import matches_drawn, methods, verify
from embedding.reranking.verify import Match, Verification
from embedding.search import asked, folder, found, page
from embedding.search.folder import Place
from embedding.search.found import Ranked, on_a_line
from embedding.search.gallery import Gallery
from embedding.search.gallery import of_file as gallery_of_file
from embedding.search.page import Answer, Question
from embedding.search.verified import Pictures, Verifier

EXACT = 100_000  # pictures up to which all are compared
INDEX = "hnswlib"  # beyond
DRAWN, LEAST = 6, 6  # answers of a picture whose matches are drawn, where there are so many


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
    whitening: Annotated[str, tyro.conf.arg(aliases=["-w"])] = ""
    """Whitening that all vectors go through: a file that was saved (.npz), or the set whose whitening was kept with the
    network."""
    expand: str = ""
    """Re-ranking by vectors, such as aqe=5, alpha-qe=10:3 or dba=10, diffusion=50; several with commas, in order."""
    rerank: str = "0"
    """So many of the first are compared with the picture by local features and put in a new order, such as 100; with
    floor and weight of what matches, as compare_instance.py chooses them, 100:4:0.3; 0 for none."""
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
        verify.parsed(self.rerank, "--rerank")
        check_share(self.max_bad)
        if bool(self.images) == (self.vectors is not None):
            both = "both name what to search; give one" if self.images else "give one of them, what to search"
            raise InputError(f"--images and --vectors: {both}")
        if self.index:
            gallery_index.check(self.index)
        if self.index and self.expand:
            raise InputError(f"--index={self.index}: --expand={self.expand} compares all pictures; leave one out")
        methods.parse(self.expand, "--expand")

    @property
    def first(self) -> int:
        """How many of the first are verified; 0 for none."""
        return self.verification[0]

    @property
    def verification(self) -> tuple[int, Verification]:
        """How many of the first are verified, and how."""
        return verify.parsed(self.rerank, "--rerank")


def main(options: SearchImageOptions) -> None:
    """Search, print what was found, and write the page."""
    options.check()
    questions = asked.pictures(options.pictures, options.crop)
    seen = [_asking(options, questions, row) for row in questions.query]  # told before anything takes time
    network = networks.named(options)
    network = network.whitened(options.whitening) if options.whitening else network
    vectors = network.describer.now(questions, questions.query)
    gallery = _gallery(options, network)
    own = asked.own_rows(questions.images, gallery.paths)
    ranked, how = _ranked(options, vectors, gallery, own)
    answers = _answers(ranked, gallery, options.k)
    score = _score(options)
    if options.first:
        how += f", the first {options.first} verified by local features"
        answers = _verified(options, questions, gallery, ranked)
    asking = [Question(*about) for about in zip(questions.images, seen, answers, strict=True)]
    for question in asking:
        print(f"\n{on_a_line(question.name)}\n{_table(question.answers)}")
    facts = [f"{len(gallery):,} pictures of {gallery.name}", how, score, network.told]
    print(f"\n{score}\npage: {page.write_found(options.out, asking, facts)}")


def _asking(options: SearchImageOptions, questions: ImageSet, row: int) -> np.ndarray:
    """Picture ``row``, which asks; raises InputError with what to do where it, or its --crop, cannot be seen."""
    try:
        return _picture(questions, row)
    except Unreadable as error:
        what = f"--crop={options.crop}" if options.crop else "it"
        raise InputError(f"{error.path}: {error.reason}; {what} cannot ask: give another") from None


def _picture(questions: ImageSet, row: int) -> np.ndarray:
    """Picture ``row`` as it asks, no larger than a page shows it."""
    return decode.fit(decode.read(questions, int(row)), page.SIDE, resize=decode.OWN)


def _gallery(options: SearchImageOptions, network: Network) -> Gallery:
    describer = network.describer
    if options.vectors is not None:
        return _of_vectors(vectors_file.file_of(command.there("--vectors", options.vectors)), describer, network.told)
    images = files.load(options.images)
    place = Place(images.name, folder.root(options.images), images.images)
    embed = describer.piecewise
    how = {"network": describer.network, "max_bad": options.max_bad, "flag": "--kept"}
    return folder.gallery_of(place, options.kept, lambda *given: embed(*_with_pieces(*given)), **how)


def _of_vectors(file: Path, describer: Describer, told: str) -> Gallery:
    """The gallery of a vectors file; where it tells how its pictures were seen, they must have been seen as now."""
    attrs, facts = vectors_file.load(file).attrs, describer.engine.facts
    if "resize" in attrs:
        size, resize = attrs["image_size"], attrs["resize"]
        if (size, resize) != (show_size(describer.size), describer.resize):
            flags = f"--image-size={size} --resize={resize}"
            raise InputError(f"--vectors={file}: its pictures were seen otherwise than {told}; give {flags}")
    made_by = facts.network if "resize" in attrs else describer.network
    return gallery_of_file(file, network=made_by, dim=facts.dim, whose=told)


def _with_pieces(images: ImageSet, rows: np.ndarray, skipped: Skipped, file: Path) -> tuple:
    return images, rows, skipped, file.with_suffix(folder.PIECES)


def _ranked(
    options: SearchImageOptions, vectors: np.ndarray, gallery: Gallery, own: Sequence[np.ndarray]
) -> tuple[Ranked, str]:
    """The first for each picture that asks, without itself, and how they were found."""
    count = max(options.k, options.first)
    most = min(count + max(map(len, own), default=0), len(gallery))
    steps = methods.parse(options.expand, "--expand")
    name = options.index or (INDEX if len(gallery) > EXACT and not steps else "")
    if steps:
        ranking = methods.apply(steps, vectors, gallery.vectors, exclude=own)
        ranked = ranking.cosines(most) if options.first else ranking.first(most)
        return found.without(ranked, own, count), f"by {', '.join(map(str, steps))}"
    if name:
        return found.without(indexed.search(name, vectors, gallery, most), own, count), f"by {name}"
    ranked = exact.search(vectors, gallery.vectors, most, metric="inner_product")
    return found.without(ranked, own, count), "all compared"


def _answers(ranked: Ranked, gallery: Gallery, k: int) -> list[list[Answer]]:
    return [[Answer(hit.name, hit.score) for hit in hits[:k]] for hits in found.hits(ranked, gallery.paths)]


def _verified(options: SearchImageOptions, questions: ImageSet, gallery: Gallery, ranked: Ranked) -> list[list[Answer]]:
    """The first --rerank in a new order, and of some what matches."""
    answering = gallery.images
    neighbors, scores = (part[:, : options.first] for part in ranked)
    verifier = Verifier(options.kept / "features", options.workers, how=options.verification[1])
    new = verifier(Pictures(questions, questions.query), Pictures(answering, answering.query), neighbors, scores)
    rest = found.hits(tuple(part[:, options.first :] for part in ranked), gallery.paths)
    answers = []
    for row, about in enumerate(zip(new.neighbors, new.scores, new.inliers, new.matches, strict=True)):
        its = []
        for place, score, inliers, match in zip(*about, strict=True):
            if place >= 0 and len(its) < options.k:
                drawn = inliers >= LEAST and len(its) < DRAWN
                lines = _lines(questions, row, answering, int(place), match) if drawn else None
                its.append(Answer(gallery.paths[place], float(score), int(inliers), lines))
        answers.append([*its, *(Answer(hit.name, hit.score) for hit in rest[row])][: options.k])
    return answers


def _lines(questions: ImageSet, row: int, answering: ImageSet, place: int, match: Match) -> np.ndarray | None:
    """Both pictures side by side with lines between what matches."""
    try:
        return matches_drawn.side_by_side(_picture(questions, row), _picture(answering, place), match)
    except Unreadable:
        return None


def _score(options: SearchImageOptions) -> str:
    """What the score is that stands beside each answer."""
    ranks = [step.name for step in methods.parse(options.expand, "--expand") if methods.METHODS[step.name].ranks]
    first, how = options.verification
    if not first:
        return f"score: {ranks[-1] if ranks else 'cosine'}"
    score = f"cosine by place, in the order of {ranks[-1]}" if ranks else "cosine"
    return f"score: {score}, of the first {first} {how.told}"


def _table(answers: Sequence[Answer]) -> str:
    return "\n".join(
        f"{rank:5}  {answer.score:7.4f}  {_inliers(answer)}{on_a_line(answer.name)}"
        for rank, answer in enumerate(answers, 1)
    )


def _inliers(answer: Answer) -> str:
    return "" if answer.inliers is None else f"{answer.inliers:4} inliers  "


if __name__ == "__main__":
    command.main(main, SearchImageOptions)
