"""Captions without spaces from a table to a search: how they are parted goes with the run, whoever opens it."""

import json

import numpy as np
import pytest
from PIL import Image

from datasets.errors import InputError
from datasets.words.parting import Parting
from vse.search import search, sentences
from vse.serving import opened
from vse.train import train

COLOURS = {"红色": (210, 40, 40), "绿色": (40, 180, 60), "青い": (40, 60, 210), "สีเทา": (120, 120, 120)}


@pytest.fixture
def table(tmp_path):
    """Captions in Chinese, Japanese and Thai with emoji and English words; without a split."""
    rng, lines = np.random.default_rng(0), ["path,caption"]
    for number in range(40):
        name, colour = list(COLOURS.items())[number % 4]
        pixels = np.clip(np.array(colour) + rng.integers(-20, 20, (32, 32, 3)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        lines += [f"{number}.png,这是{name}的picture🐕。", f"{number}.png,{name}，{name}"]
    (tmp_path / "mine.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path / "mine.csv"


@pytest.fixture
def options(small, table):
    trunk = {"model": "convnet", "image_size": "32", "resize": "stretch", "flip": False}
    return small(data="captions", data_path=table, name="mine", epochs=25, loss="sum_hinge", max_words=12, **trunk)


def test_what_is_asked_without_spaces_finds_its_pictures_by_either_engine(options):
    folder = train(options)
    stored = json.loads((folder / "vocabulary.json").read_text())
    assert (stored["split_words"], stored["max_words"]) == ("characters", 12)
    assert {"🐕", "。", ",", "红", "青", "สี", "picture"} <= set(stored["words"])
    found = {}
    for engine in ("mxnet", "onnx"):
        embedder = opened.searcher(folder, engine=engine).embedder
        assert embedder.vocabulary.parting == Parting("characters", most=12)
        found[engine] = sentences.asked(["红色，🐕", "绿色，🐕", "青い picture", "สีเทา"], embedder)
    np.testing.assert_allclose(found["mxnet"], found["onnx"], atol=1e-4)
    told = [f"这是{name}的picture🐕。" for name in COLOURS]
    nearest, _ = search.sentences_for(found["onnx"], embedder.sentences(told), 1)
    assert nearest[:, 0].tolist() == [0, 1, 2, 3]


def test_a_run_whose_segmenter_is_not_there_says_what_brings_it(options, monkeypatch):
    folder = train(options.__class__(**{**vars(options), "epochs": 1}))
    stored = json.loads((folder / "vocabulary.json").read_text())
    (folder / "vocabulary.json").write_text(json.dumps(stored | {"split_words": "jieba"}))
    from importlib.util import find_spec

    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name == "jieba" else find_spec(name))
    for engine in ("mxnet", "onnx"):
        with pytest.raises(InputError, match=r"needs the segmenter jieba, .*; pip install '.\[chinese\]'"):
            opened.searcher(folder, engine=engine)
