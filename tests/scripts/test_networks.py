"""Networks that are named: how each sees pictures where no flag says so."""

import sys
from functools import partial
from pathlib import Path

import encoders
import onnx
import pytest

from embedding.engine.base import Facts
from embedding.engine.facts import to_words
from embedding.engine.onnx import OnnxEngine

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture
def networks(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    monkeypatch.setattr(sys, "argv", ["networks"])
    import networks

    return networks


def ours(path: Path, resize: str) -> Path:
    """An ONNX file that tells how its network was judged: at 64 pixels a side."""
    model = onnx.load(encoders.of_bytes(path))
    facts = Facts(network="ab12", model="colours", size=(64, 64), resize=resize, dim=3)
    onnx.helper.set_model_props(model, to_words(facts))
    onnx.save(model, path)
    return path


@pytest.mark.parametrize("resize", ["own", "crop", "stretch"])
@pytest.mark.parametrize("kind", ["run", "model"])
def test_pictures_are_seen_as_the_network_was_judged(networks, monkeypatch, tmp_path, kind, resize):
    path = ours(tmp_path / "net.onnx", resize)
    monkeypatch.setattr(networks.engines, "of_run", lambda *_, **__: partial(OnnxEngine, path))
    given = {"run": tmp_path} if kind == "run" else {"model": str(path)}
    found = networks.named(networks.NetworkOptions(**given))
    assert (found.describer.resize, found.describer.size) == (resize, (64, 64))
    assert ("own" in found.told, f"({resize})" in found.told) == (False, resize != "own")
    found = networks.named(networks.NetworkOptions(**given, resize="crop", image_size="48"))
    assert (found.describer.resize, found.describer.size) == ("crop", (48, 48))


def test_a_bare_trunk_sees_whole_photographs(networks, monkeypatch, tmp_path):
    path = ours(tmp_path / "net.onnx", "crop")
    monkeypatch.setattr(networks.engines, "of_trunk", lambda *_, **__: partial(OnnxEngine, path))
    found = networks.named(networks.NetworkOptions(model="resnet18", use_pretrained="auto"))
    assert (found.describer.resize, found.describer.size) == ("own", (480, 480))
