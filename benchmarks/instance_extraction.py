"""Pictures to vectors for instance retrieval: 1024 pixels at the longest side, three scales, GeM, beside torch.

    .bench-venv/bin/python benchmarks/instance_extraction.py

The files are JPEGs of several shapes, cut out of real photographs, whose longest side is 1280 pixels; networks have
random weights. Ours is scripts/extract.py's way from files to a vectors file, by ONNX Runtime. torch's is that of
cirtorch, the reference: a loader with a worker a core, a picture at a time, thumbnails by Pillow, bilinear scales,
the power mean; the faster one of its two memory formats counts. Each side runs in a process of its own.
"""

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import cv2
import numpy as np
import paired
from extract_sides import CORES, Call, Side, answer, fastest, whole
from sklearn.datasets import load_sample_images
from verdicts import Verdict, finish

from embedding.engine.onnx import OnnxEngine, facts_in
from embedding.engine.scales import joined

LONGEST, SCALES, POWER = 1024, (1.0, 2**-0.5, 0.5), 3.0
SHAPES = ((853, 1280), (1280, 853), (960, 1280), (1280, 960), (720, 1280), (1280, 1100))  # height and width
FIRST = 2  # pictures before the clock starts
# Of each network: pictures a sample, and at least so many times as fast as torch.
MODELS = {"mobilenetv2_1.0": (12, 1.0), "resnet50_v1b": (6, 1.0)}


def write_photographs(folder: Path) -> None:
    """A JPEG file of each shape, twice, cut out of scikit-learn's two photographs."""
    rng = np.random.default_rng(0)
    photographs = [cv2.resize(image[..., ::-1], (2560, 1708)) for image in load_sample_images().images]
    for i in range(2 * len(SHAPES)):
        image, (high, wide) = photographs[i % 2], SHAPES[i // 2]
        top, left = (int(rng.integers(side - part)) for side, part in zip(image.shape, (high, wide), strict=False))
        cv2.imwrite(str(folder / f"{i:04}.jpg"), image[top : top + high, left : left + wide])


def of_torch(model: str, folder: Path, *, channels_last: bool) -> Call:
    """Files to vectors as cirtorch makes them."""
    import torch
    from extract_torch import DEVIATION, MEAN, network
    from PIL import Image
    from torch import nn
    from torch.utils.data import DataLoader, Dataset
    from torchvision.transforms.functional import pil_to_tensor

    class Files(Dataset):
        """Pictures as uint8 tensors (3, H, W)."""

        def __init__(self, paths: list[Path]) -> None:
            self.paths = paths

        def __len__(self) -> int:
            return len(self.paths)

        def __getitem__(self, row: int) -> torch.Tensor:
            with Image.open(self.paths[row]) as image:
                image = image.convert("RGB")
                image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
                return pil_to_tensor(image)

    torch.set_num_threads(CORES)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    found = network(model)
    trunk = found.features if hasattr(found, "features") else nn.Sequential(*list(found.children())[:-2])
    trunk = trunk.eval().to(memory_format=layout)
    mean, deviation = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    files = sorted(folder.glob("*.jpg"))

    def vector(pixels: torch.Tensor) -> torch.Tensor:
        images, total = (pixels.float() - mean) / deviation, 0
        for scale in SCALES:
            seen = images if scale == 1 else nn.functional.interpolate(images, scale_factor=scale, mode="bilinear")
            maps = trunk(seen.contiguous(memory_format=layout)).clamp(min=1e-6)
            total = total + nn.functional.normalize(maps.pow(POWER).mean(dim=(2, 3)).pow(1 / POWER)).pow(POWER)
        return nn.functional.normalize((total / len(SCALES)).pow(1 / POWER))

    loaders = {}  # whose workers stay, so that starting them is not counted

    def call(count: int) -> None:
        if count not in loaders:
            paths = [files[row % len(files)] for row in range(count)]
            loaders[count] = DataLoader(Files(paths), 1, num_workers=CORES, persistent_workers=True)
        with torch.inference_mode(), tempfile.TemporaryDirectory(dir=folder) as scratch:
            parts = [vector(pixels).numpy() for pixels in loaders[count]]
            np.save(Path(scratch) / "vectors.npy", np.concatenate(parts))

    return call


def side(name: str, network: Path, folder: Path) -> Call:
    """The side of that name."""
    if name == "ours":
        opener = partial(joined, partial(OnnxEngine, network), SCALES)
        return whole(opener, folder, 16, size=(LONGEST, LONGEST), resize="own")
    model = facts_in(network).model
    return fastest([of_torch(model, folder, channels_last=last) for last in (True, False)], FIRST)


def case(model: str, network: Path, folder: Path) -> Verdict:
    """Print the line of a network."""
    count, at_least = MODELS[model]
    with (
        Side("ours", network, folder, script=__file__) as ours,
        Side("torch", network, folder, script=__file__) as peer,
    ):

        def one_round(turn: int) -> paired.Pair:
            took = {each is ours: each.each(count) for each in ((ours, peer) if turn % 2 else (peer, ours))}
            return took[True], took[False]

        name = f"files to vectors of instance retrieval, {LONGEST} pixels, {len(SCALES)} scales, {model}"
        return paired.by_rounds(name, one_round, at_least=at_least, pictures=count)


def main() -> None:
    """Print one JSON line a case and the verdict."""
    verdicts = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_photographs(folder)
        for model in MODELS:
            network = folder / f"{model}.onnx"
            written = [sys.executable, Path(__file__).with_name("extract_network.py"), model, network, "gem"]
            subprocess.run(written, check=True)
            verdicts.append(case(model, network, folder))
    finish(verdicts)


if __name__ == "__main__":
    answer(side, FIRST) if len(sys.argv) > 1 else main()
