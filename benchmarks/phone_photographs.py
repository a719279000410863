"""Photographs of a phone as a network sees them: decoded at the scale that is needed, beside decoded whole.

    make bench, or: .venv/bin/python benchmarks/phone_photographs.py

JPEG files of 12 megapixels, quality 90, are read and fit to 224 pixels, in one thread. They are real photographs that
are enlarged; as noise alone tells an enlarged photograph's size from a phone's, there is a case without and one with so
much of it that the files are as large as a phone's. The more bytes, the less is saved: all of them are read.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np
import paired
import verdicts
from sklearn.datasets import load_sample_images

from datasets.images.base import ImageSet
from embedding.batches import decode

SIZE, HEIGHT, WIDTH, QUALITY = 224, 3024, 4032, 90
NOISE = {"smooth": 0.0, "noisy": 6.0}  # standard deviation, of 255


def write_photographs(folder: Path, *, noise: float, count: int = 4) -> ImageSet:
    """``count`` JPEG files of scikit-learn's two photographs, enlarged, with Gaussian ``noise``."""
    rng = np.random.default_rng(0)
    paths = [str(folder / f"{i}.jpg") for i in range(count)]
    for i, path in enumerate(paths):
        image = cv2.resize(
            load_sample_images().images[i % 2][..., ::-1], (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
        )
        noisy = image + noise * rng.standard_normal(image.shape, np.float32)
        cv2.imwrite(path, np.clip(noisy, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    rows = np.arange(count)
    return ImageSet("phone", paths, 0 * rows, ("photograph",), train=rows[:0], query=rows, gallery=rows)


def main() -> None:
    """Print the ratios and the verdict."""
    found = []
    for kind, noise in NOISE.items():
        with tempfile.TemporaryDirectory() as folder:
            images = write_photographs(Path(folder), noise=noise)

            def scaled(images: ImageSet = images) -> None:
                for row in images.query:
                    decode.read_fitted(images, int(row), SIZE)

            def whole(images: ImageSet = images) -> None:
                for row in images.query:
                    decode.fit(decode.read(images, int(row)), SIZE)

            megabytes = round(sum(Path(path).stat().st_size for path in images.images) / len(images) / 1e6, 2)
            case = f"phone photographs to {SIZE} px, {kind}"
            found.append(paired.compare(case, scaled, whole, at_least=3, rounds=15, megabytes=megabytes))
    verdicts.finish(found)


if __name__ == "__main__":
    main()
