"""Galleries of drawn pictures of three colours, embedded by a small encoder, for the tests in a browser."""

from pathlib import Path

import cv2
import encoders
import numpy as np

from web.galleries.models import Gallery, Picture, Version
from web.serving import network, snapshot
from web.serving.network import Spec

COLOURS = {"red": (200, 30, 30), "green": (30, 180, 40), "blue": (30, 50, 210)}


def draw(path: Path, colour, seed: int, side=160) -> Path:
    """A picture of one colour with a light square somewhere."""
    rng = np.random.default_rng(seed)
    pixels = np.clip(np.array(colour) + rng.normal(0, 12, (side, side, 3)), 0, 255).astype(np.uint8)
    left, top = rng.integers(0, side // 2, 2)
    pixels[top : top + side // 3, left : left + side // 3] = rng.integers(120, 255, 3)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels[:, :, ::-1])
    return path


def gallery(slug: str, folder: Path, encoder: Path, each=50) -> Gallery:
    """``each`` pictures of each colour, a class a folder."""
    files = [
        draw(folder / name / f"{count:03d}.jpg", colour, seed=1000 * number + count)
        for number, (name, colour) in enumerate(COLOURS.items())
        for count in range(each)
    ]
    spec = Spec("onnx", path=str(encoder if encoder.exists() else encoders.clip(encoder)))
    opened = network.opened(spec)
    made = Gallery.objects.create(slug=slug, name=slug.title(), source=str(folder))
    pictures = Picture.objects.bulk_create(_picture(made, file, folder) for file in files)
    version = Version.objects.create(
        gallery=made, number=1, network=str(spec), fingerprint=opened.facts.network, dim=opened.facts.dim, state="ready"
    )
    version.snapshot = 1
    vectors = np.stack([opened.picture(file.read_bytes(), file.name) for file in files])
    ids = np.array([picture.pk for picture in pictures])
    snapshot.write(version.snapshot_folder, ids, vectors, name=slug, network=opened.facts.network)
    version.save()
    made.active = version
    made.save()
    return made


def _picture(gallery: Gallery, file: Path, folder: Path) -> Picture:
    about = file.stat()
    return Picture(
        gallery=gallery,
        path=str(file.relative_to(folder)),
        category=file.parent.name,
        size=about.st_size,
        changed=about.st_mtime_ns,
        width=160,
        height=160,
    )
