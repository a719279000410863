"""Checkpoints of cirtorch beside torch: the largest difference of vectors, over trunks and parts, as a table.

PEER/bin/python benchmarks/cirtorch_equality.py                       some minutes on two cores
PEER/bin/python benchmarks/cirtorch_equality.py --trunks=vgg16,resnet50

Wants an environment with torch and torchvision beside this project. Networks with random weights, whose batch norms
have seen photographs, are put together from torchvision's layers as cirtorch puts them together, its poolings written
down anew here, and saved in the layout of its checkpoints, zip and older format in turn; ``cirtorch.load`` reads them,
and both see the same pictures of odd sizes. Vectors have unit length, so that a cell is the largest difference of one
of their numbers. Normalisation is MatConvNet's for VGG and ImageNet's for all else.

Prints the table in Markdown, and exits with code 1 where a difference is above 1e-4.
"""

import argparse
import math
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch

# torchvision of the registry beside a build of torch for the CPU: only its models are wanted here.
torch.library.register_fake = lambda *_, **__: lambda function: function

import torchvision  # noqa: E402
from sklearn.datasets import load_sample_images  # noqa: E402
from torch import nn  # noqa: E402

from embedding.mx import mx, nd  # noqa: E402
from embedding.network import cirtorch  # noqa: E402

ALLOWED = 1e-4
TRUNKS = "alexnet,vgg16,resnet18,resnet34,resnet50,resnet101,resnet152,densenet121"
SIDES = ((96, 131), (150, 97), (112, 112))
MATCONVNET = ((0.4816, 0.4531, 0.3981), (1 / 255, 1 / 255, 1 / 255))
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CASES = {
    "gem": {},
    "gem, whitening": {"whitening": True},
    "gem, regional": {"regional": True},
    "gem, local whitening, regional, whitening": {"local_whitening": True, "regional": True, "whitening": True},
    "gemmp": {"pooling": "gemmp"},
    "mac": {"pooling": "mac"},
    "spoc": {"pooling": "spoc"},
    "rmac": {"pooling": "rmac"},
}


class GeM(nn.Module):
    """(mean max(x, eps)^p)^(1/p) of the places, p of a number of channels."""

    def __init__(self, exponents: int) -> None:
        super().__init__()
        self.p = nn.Parameter(2 + 2 * torch.rand(exponents))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        p = self.p[:, None, None]
        return x.clamp(min=1e-6).pow(p).mean((2, 3), keepdim=True).pow(1 / p)


class Places(nn.Module):
    """Maximum or mean of the places; without anything learned."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.amax((2, 3), keepdim=True) if self.kind == "mac" else x.mean((2, 3), keepdim=True)


class RMAC(nn.Module):
    """The sum of the unit maxima of regions."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return sum(unit(part.amax((2, 3), keepdim=True)) for part in regions(x))


class Rpool(nn.Module):
    """A pooling over regions, whitened and summed up."""

    def __init__(self, rpool: nn.Module, dim: int) -> None:
        super().__init__()
        self.rpool, self.whiten = rpool, nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        vectors = (unit(self.whiten(unit(self.rpool(part)).flatten(1))) for part in regions(x))
        return unit(sum(vectors))[:, :, None, None]


class Network(nn.Module):
    """Layers of torchvision's ``architecture`` under cirtorch's names."""

    def __init__(self, meta: dict) -> None:
        super().__init__()
        layers, dim = trunk(meta["architecture"])
        self.features = nn.Sequential(*layers)
        self.lwhiten = nn.Linear(dim, dim) if meta["local_whitening"] else None
        self.pool = pooling(meta["pooling"], dim)
        if meta["regional"]:
            self.pool = Rpool(self.pool, dim)
        self.whiten = nn.Linear(dim, dim) if meta["whitening"] else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.features(x)
        if self.lwhiten is not None:
            features = self.lwhiten(features.movedim(1, -1)).movedim(-1, 1)
        vectors = unit(self.pool(features)).flatten(1)
        return vectors if self.whiten is None else unit(self.whiten(vectors))


def unit(x: torch.Tensor) -> torch.Tensor:
    """(B, D, ...) over their lengths, which are raised a little."""
    return x / (x.norm(dim=1, keepdim=True) + 1e-6)


def regions(x: torch.Tensor) -> list[torch.Tensor]:
    """The whole map and the parts of it that R-MAC pools, written down from its authors' program."""
    sides = torch.tensor(x.shape[2:])
    short = int(sides.min())
    gaps = (int(sides.max()) - short) / torch.arange(1.0, 7)
    more = int(((short**2 - short * gaps) / short**2 - 0.4).abs().argmin()) + 1
    parts = [x]
    for level in (1, 2, 3):
        side = math.floor(2 * short / (level + 1))
        if side == 0:
            continue
        half, starts = math.floor(side / 2 - 1), []
        for length in x.shape[2:]:
            count = level + (more if length > short else 0)
            gap = (length - side) / (count - 1) if count > 1 else 0
            starts.append([int(c) - half for c in torch.floor(half + torch.arange(float(count)) * gap).tolist()])
        parts += [x[:, :, i : i + side, j : j + side] for i in starts[0] for j in starts[1]]
    return parts


def trunk(architecture: str) -> tuple[list[nn.Module], int]:
    """The layers up to the last activated convolution, and how many channels these give."""
    whole = getattr(torchvision.models, architecture)(weights=None)
    if architecture.startswith("resnet"):
        return list(whole.children())[:-2], whole.fc.in_features
    if architecture.startswith("densenet"):
        return [*whole.features.children(), nn.ReLU()], whole.classifier.in_features
    return list(whole.features.children())[:-1], 256 if architecture == "alexnet" else 512


def pooling(name: str, dim: int) -> nn.Module:
    """A pooling by cirtorch's name."""
    if name == "rmac":
        return RMAC()
    return GeM(dim if name == "gemmp" else 1) if name.startswith("gem") else Places(name)


def network(meta: dict) -> Network:
    """A network whose batch norms have the statistics of photographs, and whose linear layers do something."""
    torch.manual_seed(0)
    net = Network(meta)
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.7, 1.3)
            nn.init.uniform_(layer.bias, -0.2, 0.2)
            layer.momentum = None
        elif isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
    with torch.no_grad():
        net.train()(normalised(pictures((128, 128)), meta))
    return net.eval()


def pictures(sides: tuple[int, int]) -> np.ndarray:
    """(4, *sides, 3) uint8: parts of the photographs that scikit-learn brings."""
    rng, (high, wide) = np.random.default_rng(high_wide(sides)), sides
    tops, lefts = rng.integers(0, 427 - high, 4), rng.integers(0, 640 - wide, 4)
    photographs = load_sample_images().images
    return np.stack([photographs[i % 2][tops[i] :, lefts[i] :][:high, :wide] for i in range(4)])


def high_wide(sides: tuple[int, int]) -> int:
    """A seed a size."""
    return sides[0] * 1000 + sides[1]


def normalised(images: np.ndarray, meta: dict) -> torch.Tensor:
    """(B, 3, H, W) float32 as torchvision's transforms make them."""
    pixels = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    mean, std = (torch.tensor(meta[name])[:, None, None] for name in ("mean", "std"))
    return (pixels - mean) / std


def difference(architecture: str, case: dict, *, older: bool) -> float:
    """The largest difference between torch and the network that is read from its checkpoint."""
    meta = {"architecture": architecture, "pooling": "gem", "local_whitening": False, "regional": False}
    meta |= {"whitening": False} | case
    meta["mean"], meta["std"] = map(list, MATCONVNET if architecture == "vgg16" else IMAGENET)
    theirs = network(meta)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model_best.pth.tar"
        state = {"epoch": 3, "meta": meta, "state_dict": theirs.state_dict(), "min_loss": np.float64(0.5)}
        torch.save(state, path, _use_new_zipfile_serialization=not older)
        ours = cirtorch.load(path, [mx.cpu()]).net
    worst = 0.0
    for sides in SIDES:
        images = pictures(sides)
        with torch.no_grad():
            expected = theirs(normalised(images, meta)).numpy()
        found = ours(nd.array(images, dtype="uint8")).asnumpy()
        spread = np.abs(expected - expected[0]).max()  # all alike would be equal to anything
        worst = max(worst, float(np.abs(found - expected).max()) if spread > 1e-3 else 1.0)
    return worst


def main() -> None:
    """Print the table; a difference above what is allowed ends with code 1."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trunks", default=TRUNKS, help="names with commas between")
    torch.set_num_threads(2)
    worst = 0.0
    print(f"| trunk | {' | '.join(CASES)} |\n|---|{'---|' * len(CASES)}")
    for architecture in parser.parse_args().trunks.split(","):
        row = [difference(architecture, case, older=i % 2 == 1) for i, case in enumerate(CASES.values())]
        worst = max(worst, *row)
        print(f"| {architecture} | {' | '.join(f'{found:.0e}' for found in row)} |", flush=True)
    print(f"\nlargest of all: {worst:.1e}, at most {ALLOWED:.0e} allowed")
    sys.exit(not worst <= ALLOWED)


if __name__ == "__main__":
    main()
