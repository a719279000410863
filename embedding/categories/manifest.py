"""The manifest of proposed categories: a CSV file that the image set ``folder`` reads, and the images that it names."""

import csv
import io
import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from datasets.errors import InputError
from datasets.files import address, contents
from datasets.files.whole import beside
from embedding.categories.proposals import Proposals
from embedding.report.thumbnails import read_image

COLUMNS = ("label", "path", "split", "confidence", "likeness")
_IMAGES = "images"  # where images go that are no files


@dataclass(frozen=True)
class Manifest:
    """Lines of a manifest, a line an image, under COLUMNS; ``missing`` names the images left out."""

    lines: list[tuple[str, str, str, str, str]]
    missing: list[str]

    @property
    def labels(self) -> set[str]:
        """The classes that it has."""
        return {line[0] for line in self.lines}


def labels(proposals: Proposals) -> list[str]:
    """What to call the clusters, surest first: new-001, new-002, ..."""
    count = len(proposals.confidences)
    width = max(3, len(str(count)))
    return [f"new-{number:0{width}d}" for number in range(1, count + 1)]


def write_manifest(
    folder: Path, proposals: Proposals, names: tuple[str, ...], *, min_confidence: float = 0.0, test_share: float = 0.2
) -> Manifest:
    """Write manifest.csv into ``folder``, and under images/ those images that are rows of a built-in set.

    names : N paths of images, or names and rows of a built-in set ("glyphs[12]")
    min_confidence : of the clusters that become classes
    test_share : of these, as evenly spread over the confidences as it goes, has the split test, the rest train

    Noise and known images are left out, and images that are not there or whose name is no text. Raises InputError where
    the folder cannot be written.
    """
    lines, missing = [], []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for cluster, label in enumerate(labels(proposals)):
            confidence = proposals.confidences[cluster]
            if confidence < min_confidence:
                continue
            split = "test" if int((cluster + 1) * test_share) > int(cluster * test_share) else "train"
            for row in members(proposals, cluster):
                path = _path(folder, names[row])
                if path is None:
                    missing.append(names[row])
                else:
                    lines.append((label, path, split, f"{confidence:.4f}", f"{proposals.likeness[row]:.4f}"))
        with beside(folder / "manifest.csv") as part:
            part.write_text(text(lines), encoding="utf-8")
    except OSError as error:
        raise InputError(f"{folder}: the manifest cannot be written there ({error.strerror})") from error
    return Manifest(lines, missing)


def check_images(names: tuple[str, ...]) -> None:
    """Raises InputError where none of the images is there, going by a hundred of them: before mining, not after."""
    some = names[:: max(1, len(names) // 100)]
    if not any(_is_file(name) or read_image(name) is not None for name in some):
        raise InputError(f"{some[0]}: no such image, nor any other of the vectors: call from where their paths start")


def members(proposals: Proposals, cluster: int) -> np.ndarray:
    """The rows of a cluster, those most like its mean first."""
    rows = np.flatnonzero(proposals.clusters == cluster)
    return rows[np.argsort(-proposals.likeness[rows], kind="stable")]


def text(lines: list[tuple[str, ...]]) -> str:
    """The manifest as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(lines)
    return out.getvalue()


def _path(folder: Path, name: str) -> str | None:
    """Where the image is, as its line says it; None where it is not, or where its name is no text."""
    if _is_file(name):
        file = name if address.is_address(name) else os.path.abspath(name)
        return file if file.isprintable() else None
    image = read_image(name)
    if image is None:
        return None
    written = Path(_IMAGES, name.replace("[", "-").replace("]", "") + ".png")
    (folder / _IMAGES).mkdir(exist_ok=True)
    with beside(folder / written) as part:
        part.write_bytes(cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))[1].tobytes())
    return str(written)


def _is_file(name: str) -> bool:
    """Whether ``name`` is a file, in an archive or not; an address counts as one."""
    return address.is_address(name) or contents.is_file(name)
