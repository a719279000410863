"""The torch side of extract.py: torchvision's networks and transforms, torch's own loader, channels last."""

import os
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

try:
    import torchvision
except RuntimeError:  # built for CUDA beside a torch without it, torchvision wants operators that nothing here calls
    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    import torchvision
from torchvision.ops import Conv2dNormActivation
from torchvision.transforms import v2

CORES = os.cpu_count() or 1
NAMES = {"mobilenetv2_1.0": "mobilenet_v2", "resnet18_v1b": "resnet18", "resnet50_v1b": "resnet50"}
MEAN, DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


class Files(Dataset):
    """Pictures as uint8 tensors (3, 224, 224), normalised later, a batch at a time: that is faster."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths
        self.transform = v2.Compose([v2.Resize(256), v2.CenterCrop(224), v2.PILToTensor()])

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, row: int) -> torch.Tensor:
        with Image.open(self.paths[row]) as image:
            return self.transform(image.convert("RGB"))


def whole(model: str, folder: Path, batch: int) -> Callable[[int], None]:
    """Files to vectors of unit length in a file, as a good script with torch does it."""
    torch.set_num_threads(CORES)
    net = network(model).eval().to(memory_format=torch.channels_last)
    mean, deviation = (torch.tensor(values).reshape(1, 3, 1, 1) for values in (MEAN, DEVIATION))
    files = sorted(folder.glob("*.jpg"))
    loaders = {}  # whose workers stay, so that starting them is not counted

    def call(count: int) -> None:
        if count not in loaders:
            paths = [files[row % len(files)] for row in range(count)]
            loaders[count] = DataLoader(Files(paths), batch, num_workers=CORES, persistent_workers=True)
        parts = []
        with torch.inference_mode():
            for pixels in loaders[count]:
                images = ((pixels.float() - mean) / deviation).contiguous(memory_format=torch.channels_last)
                parts.append(nn.functional.normalize(net(images)).numpy())
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            np.save(Path(scratch) / "vectors.npy", np.concatenate(parts))

    return call


def network(model: str) -> nn.Module:
    """The trunk ``model`` with random weights: its pooled features."""
    if model == "efficientnet_lite0":
        return nn.Sequential(*efficientnet_lite0(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    net = getattr(torchvision.models, NAMES[model])()
    setattr(net, "classifier" if hasattr(net, "classifier") else "fc", nn.Identity())
    return net


class Block(nn.Sequential):
    """Expands, filters each channel and projects, plus what came in where that has the same shape."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int) -> None:
        wide = channels * expansion
        first = [_convolution(channels, wide, 1)] if expansion > 1 else []
        filtered = _convolution(wide, wide, kernel, stride=stride, groups=wide)
        super().__init__(*first, filtered, _convolution(wide, out, 1, activation_layer=None))
        self.shortcut = stride == 1 and channels == out

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x) + x if self.shortcut else super().forward(x)


_convolution = partial(
    Conv2dNormActivation, norm_layer=partial(nn.BatchNorm2d, eps=1e-3), activation_layer=nn.ReLU6, inplace=True
)


def efficientnet_lite0() -> Iterator[nn.Module]:
    """EfficientNet-Lite0, which torchvision has not, of the parts that its MobileNets are made of."""
    stages = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112))
    yield _convolution(3, 32, 3, stride=2)
    channels = 32
    for count, kernel, stride, expansion, out in (*stages, (4, 5, 2, 6, 192), (1, 3, 1, 6, 320)):
        for i in range(count):
            yield Block(channels, out, kernel, stride if i == 0 else 1, expansion)
            channels = out
    yield _convolution(channels, 1280, 1)
