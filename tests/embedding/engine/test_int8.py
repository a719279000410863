"""Networks in whole numbers: close to the floats, kept with their mark, and what they cost is counted rightly."""

import shutil
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import onnx
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.engine import calibrated, int8
from embedding.engine import facts as words_of
from embedding.engine.base import Facts
from embedding.engine.int8 import Cost, cost, mark
from embedding.engine.onnx import OnnxEngine, facts_in, words_in
from embedding.mx import mx, nd
from embedding.network import export
from embedding.network.net import EmbeddingNet


def pixels(count, seed=0):
    """Pictures of one colour each, with some noise: those of a colour are alike."""
    rng = np.random.default_rng(seed)
    colours = rng.integers(0, 200, (8, 1, 1, 3))[np.arange(count) % 8]
    return (colours + rng.integers(0, 40, (count, 32, 32, 3))).astype(np.uint8)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    mx.random.seed(0)
    net = EmbeddingNet(model="convnet", dim=8)
    net.initialize()
    net(nd.array(pixels(2), dtype="uint8")).wait_to_read()
    folder = tmp_path_factory.mktemp("files")
    words = words_of.to_words(Facts("floats", "convnet", (32, 32), "crop", 8))
    export.save(export.model(net, **words).SerializeToString(), folder / "net.onnx")
    int8.write(folder / "net.onnx", pixels(16), "whole", folder / "net.int8.onnx")
    return folder / "net.onnx", folder / "net.int8.onnx"


def test_vectors_stay_close_and_convolutions_are_whole(files):
    floats, whole = (OnnxEngine(file, threads=1) for file in files)
    similarity = (floats(pixels(20, seed=1)) * whole(pixels(20, seed=1))).sum(axis=1)
    assert 0.98 < similarity.min() < 0.999999
    model = onnx.load(files[1])
    made_by = {name: node.op_type for node in model.graph.node for name in node.output}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 3
    assert all(made_by[name] == "DequantizeLinear" for node in convolutions for name in node.input[:2])
    assert files[1].stat().st_size < 0.5 * files[0].stat().st_size


def test_it_is_another_network_with_the_same_facts_and_keeps_what_is_told(files):
    assert facts_in(files[1]) == Facts("whole", "convnet", (32, 32), "crop", 8)
    int8.tell(files[1], "a line")
    assert words_in(files[1])["int8"] == "a line" and facts_in(files[1]).network == "whole"


def test_one_picture_is_too_few_to_judge_by(files, tmp_path):
    file, row = shutil.copy(files[0], tmp_path), np.arange(1)
    images = ImageSet("one", pixels(1), row, ("image",), row[:0], row, row)
    with pytest.raises(InputError, match="--int8: only one picture can be read, and judging takes two"):
        calibrated.of_file(Path(file), images)
    assert not list(tmp_path.glob("*.int8.onnx"))


def test_a_file_is_kept_for_a_set_with_what_it_costs_or_not_at_all(files, tmp_path, monkeypatch):
    file, drawn, rows = shutil.copy(files[0], tmp_path), pixels(40), np.arange(40)
    images = ImageSet("drawn", drawn, rows % 8, tuple("abcdefgh"), rows[:0], rows, rows)
    how = {"resize": "stretch"}
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(int8, "cost", Mock(side_effect=KeyboardInterrupt))
        calibrated.of_file(Path(file), images, **how)
    assert not (tmp_path / "net.int8.onnx").exists()
    out = calibrated.of_file(Path(file), images, **how)
    assert out == tmp_path / "net.int8.onnx" and words_in(out)["int8"].startswith("int8 on 40 pictures: recall@1 ")
    monkeypatch.setattr(int8, "write", Mock(side_effect=AssertionError))
    assert calibrated.of_file(Path(file), images, **how) == out  # which is there


def test_the_mark_is_of_the_network_and_of_the_pictures():
    marks = [mark("a", pixels(2)), mark("b", pixels(2)), mark("a", pixels(2, seed=1)), mark("a", pixels(2))]
    assert len(set(marks)) == 3 and marks[0] == marks[3]


class Given:
    """An engine that gives the first number of each picture's first pixel, and something beside it."""

    def __init__(self, table, codes=False):
        self.table, self.facts = np.array(table, np.float32), Facts("", "", (1, 1), "crop", 2, codes=codes)

    def __call__(self, images):
        return self.table[images[:, 0, 0, 0]]


def test_cost_counts_neighbors_and_labels_without_the_picture_itself():
    rows = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 1, 3), np.uint8)
    angles = np.deg2rad([0, 10, 90, 95])
    floats = Given(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    other = np.deg2rad([0, 80, 90, 300])
    found = cost(floats, Given(np.stack([np.cos(other), np.sin(other)], axis=1)), rows, np.array([0, 0, 1, 1]))
    assert found.recall == (1.0, 0.0) and found.count == 4 and found.kept == 1.0  # of four all others are the nearest
    assert min(found.speed) > 0
    assert cost(floats, floats, rows, None).recall is None


def test_codes_are_compared_by_their_bits():
    rows = np.arange(4, dtype=np.uint8)[:, None, None, None] * np.ones((1, 1, 1, 3), np.uint8)
    table = [[0.1, 9], [8, 0.1], [-0.1, -9], [-5, -0.2]]
    assert cost(Given(table, codes=True), Given(table, codes=True), rows, np.array([0, 0, 1, 1])).recall == (1.0, 1.0)


def test_the_line_tells_all_of_it():
    line = Cost(512, (0.75, 0.745), 0.9132, (100.4, 251.0)).line
    assert line == (
        "int8 on 512 pictures: recall@1 0.7450, 0.7500 in floats; 0.913 of the 10 nearest are the same;"
        " 251 images/s, 100 in floats"
    )
