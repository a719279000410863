"""Propose new categories among unlabelled images: a page to review, and a manifest to train on.

python scripts/mine_categories.py --vectors=pictures.h5 --known=glyphs.h5 --out=categories
python scripts/mine_categories.py --vectors=runs/demo --hold-out=40 --out=categories     judged on hidden classes
"""

from dataclasses import dataclass
from pathlib import Path

import command
import numpy as np

from datasets.errors import InputError
from datasets.stored import vectors_file
from embedding.categories.known import Known
from embedding.categories.manifest import check_images, write_manifest
from embedding.categories.mine import Wish, mine
from embedding.categories.neighborhood import unit_rows
from embedding.categories.proposals import Proposals, scores
from embedding.categories.review import Scores, write_review
from embedding.categories.unlabelled import Unlabelled, hold_out, known_of, unlabelled
from embedding.evaluation.cluster import kmeans
from embedding.report.thumbnails import Tiles


@dataclass(frozen=True, kw_only=True)
class MineOptions:
    """Propose new categories among unlabelled images: a page to review, and a manifest to train on."""

    vectors: Path
    """Vectors file of the images, its gallery, or a run folder; where it has labels, the proposals are judged."""
    known: Path | None = None
    """Vectors file, or run folder, of known classes with labels: they teach how far a class reaches."""
    hold_out: int = 0
    """Hide the labels of so many classes of --vectors and take its other classes as the known ones: a self-test."""
    out: Path = Path("categories")
    """The folder to write to: index.html, manifest.csv, and images/ where the images are no files."""
    k: int = 0
    """Number of new classes; unknown if not given."""
    method: str = ""
    """How to find an unknown number: threshold (learned from known classes) or density; what fits if not given."""
    min_size: int | None = None
    """Images of the smallest class; 3, or 5 with density, if not given."""
    min_confidence: float = 0.0
    """Clusters below it stay out of the manifest."""
    test_share: float = 0.2
    """Share of the proposed classes that the manifest tests on; the others train."""
    mark_known: bool = True
    """Take images that are near to a known class as of it, not as new."""
    seed: int = 0
    """Of the classes held out, of the draws to learn from, and of k-means."""


def main(options: MineOptions) -> None:
    """Mine, judge where there are labels, and write."""
    for name in ("min_confidence", "test_share"):
        if not 0 <= getattr(options, name) <= 1:
            raise InputError(f"--{name.replace('_', '-')}={getattr(options, name)}: must lie between 0 and 1")
    if options.seed < 0:
        raise InputError(f"--seed={options.seed}: must be 0 or above")
    if options.out.is_file():
        raise InputError(f"--out={options.out}: is a file; name a folder to write to")
    images, known, known_names = _read(options)
    check_images(images.paths)
    print(f"{images.title}: {len(images):,} images, {len(known.classes) if known else 0:,} known classes")
    wish = Wish(options.k, options.method, options.min_size, options.mark_known, options.seed)
    mined = mine(images.vectors, known, wish)
    print("\n".join(mined.facts))
    print(mined.proposals.summary)
    if not len(mined.proposals.confidences):
        print("no category is that large and close: lower --min-size, try the other --method, or bring more pictures")
    rows = _judged(images, mined.proposals, options.seed)
    if rows:
        print(_table(rows))
    manifest = write_manifest(
        options.out,
        mined.proposals,
        images.paths,
        min_confidence=options.min_confidence,
        test_share=options.test_share,
    )
    if manifest.missing:
        what = "images that are not there, or whose name a CSV file cannot hold"
        print(f"left out of it: {len(manifest.missing):,} {what}, such as {manifest.missing[0]}")
    print(
        f"manifest: {options.out / 'manifest.csv'}, {len(manifest.lines):,} images of {len(manifest.labels):,} classes"
    )
    tiles = Tiles()
    shown = {"known_names": known_names, "scores": rows, "thumbnails": tiles}
    print(f"page: {write_review(options.out, images, mined, manifest, **shown)}")
    if tiles.grey:
        print(f"grey on it: {len(tiles.grey):,} images that cannot be read, such as {tiles.grey[0]}")


def _read(options: MineOptions) -> tuple[Unlabelled, Known | None, tuple[str, ...]]:
    """The images to mine, the known classes, and the names of these."""
    if options.known is not None and options.hold_out:
        raise InputError(f"--known={options.known} --hold-out={options.hold_out}: both name known classes, give one")
    images = unlabelled(vectors_file.load(vectors_file.file_of(command.there("--vectors", options.vectors))))
    if options.hold_out:
        return *hold_out(images, options.hold_out, seed=options.seed), images.class_names
    if options.known is None:
        return images, None, ()
    known = vectors_file.load(vectors_file.file_of(command.there("--known", options.known)))
    if known.gallery.shape[1] != images.vectors.shape[1]:
        sizes = f"{known.gallery.shape[1]} dimensions, --vectors {images.vectors.shape[1]}"
        raise InputError(f"--known={options.known}: {sizes}: extract both with the same network")
    return images, known_of(known), known.class_names


def _judged(images: Unlabelled, proposals: Proposals, seed: int) -> list[Scores]:
    """The scores of the proposals, those of k-means which is told the true number of classes, and their ratio."""
    if images.labels is None:
        return []
    k = len(np.unique(images.labels))
    ours = scores(images.labels, proposals.groups)
    reference = scores(images.labels, kmeans(unit_rows(images.vectors), k, seed=seed))
    ratio = {name: value / reference[name] for name, value in ours.items() if reference[name]}
    return [
        {"row": "proposed", "clusters": len(proposals.confidences), **ours},
        {"row": "k-means, told the true number", "clusters": k, **reference},
        {"row": "ratio", **ratio},
    ]


def _table(rows: list[Scores]) -> str:
    names = [name for name in rows[0] if name != "row"]
    lines = [" ".join([" " * 29, *(name.rjust(11) for name in names)])]
    for row in rows:
        cells = (f"{row[name]:.4f}" if isinstance(row.get(name), float) else str(row.get(name, "")) for name in names)
        lines.append(" ".join([str(row["row"]).ljust(29), *(cell.rjust(11) for cell in cells)]))
    return "\n".join(lines)


if __name__ == "__main__":
    command.main(main, MineOptions)
