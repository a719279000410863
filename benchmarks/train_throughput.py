"""Images a second of the training loop from JPEG files, beside the same network on one batch already in memory.

    make bench, or: .venv/bin/python benchmarks/train_throughput.py

Both train resnet18_v1b at 224 pixels with margin loss through the one training loop; what differs is where batches come
from. A ratio of 1 says that the trainer never waits for data. The files are 500 x 375 cut-outs of real photographs.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np
import paired
import verdicts
from sklearn.datasets import load_sample_images

from datasets.images.base import ImageSet
from embedding.batches.decode import Augmentation
from embedding.batches.loader import Batch, Batches
from embedding.batches.plan import ByClass
from embedding.losses.margin import MarginLoss
from embedding.mx import mx, nd
from embedding.network.net import EmbeddingNet
from embedding.training.fit import Optimizers, Schedule, fit

SIZE, CLASSES, PER_CLASS, STEPS = 224, 8, 4, 4


def write_photographs(folder: Path, count: int = 10) -> ImageSet:
    """CLASSES x ``count`` JPEG files cut out of scikit-learn's two photographs."""
    rng = np.random.default_rng(0)
    photographs = [cv2.resize(image[..., ::-1], None, fx=2, fy=2) for image in load_sample_images().images]
    paths = []
    for i in range(CLASSES * count):
        image = photographs[i % 2]
        top, left = rng.integers(image.shape[0] - 375), rng.integers(image.shape[1] - 500)
        paths.append(str(folder / f"{i}.jpg"))
        cv2.imwrite(paths[-1], image[top : top + 375, left : left + 500])
    rows = np.arange(len(paths))
    names = tuple(str(i) for i in range(CLASSES))
    return ImageSet("cut-outs", paths, rows % CLASSES, names, train=rows, query=rows[:0], gallery=rows[:0])


def main() -> None:
    """Print the ratio and the verdict."""
    net = EmbeddingNet(model="resnet18_v1b", dim=128)
    net.initialize(mx.init.Xavier())
    net.hybridize(static_alloc=True, static_shape=True)
    loss = MarginLoss(classes=CLASSES, dim=128, batch_k=PER_CLASS)
    loss.initialize()
    loss.hybridize(static_alloc=True)

    with tempfile.TemporaryDirectory() as folder:
        files = Batches(
            write_photographs(Path(folder)),
            deal=ByClass(CLASSES, PER_CLASS),
            size=SIZE,
            augmentation=Augmentation(),
            steps=STEPS,
        )
        resident = next(iter(files.epoch(1)))
        net(resident.inputs[0])
        optimizers = Optimizers(net, loss)

        def repeat(_: int) -> Iterator[Batch]:
            return iter([resident] * STEPS)

        def epoch_of(batches: Callable) -> Callable[[], None]:
            options = {"optimizers": optimizers, "schedule": Schedule(1e-6), "epochs": 1, "contexts": [mx.cpu()]}

            def run() -> None:
                for _ in fit(net, loss, batches, **options):
                    nd.waitall()

            return run

        case = f"training from JPEG files at {SIZE} px, resnet18_v1b, batch {CLASSES * PER_CLASS}"
        verdict = paired.compare(case, epoch_of(files.epoch), epoch_of(repeat), at_least=0.9)
    verdicts.finish([verdict])


if __name__ == "__main__":
    main()
