"""The sides of the extraction benchmark make vectors of the same pictures, and are asked one after the other."""

import json
from pathlib import Path

import cv2
import extract
import extract_network
import extract_sides
import instance_extraction
import numpy as np
import pytest

from embedding.mx import nd
from embedding.network import backbone


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(3):
        cv2.imwrite(str(made / f"{i}.jpg"), rng.integers(0, 256, (60, 80, 3), np.uint8))
    return made


@pytest.fixture(scope="module")
def network(folder):
    pytest.importorskip("onnxruntime")
    path = folder / "net.onnx"
    extract_network.served("strided_convnet").write(path)
    return path


@pytest.mark.parametrize("name", ["ours", "mxnet", "decoding", "session"])
def test_every_side_takes_any_number_of_pictures(name, network, folder, monkeypatch):
    monkeypatch.setattr(extract_sides, "BATCHES", (2,))
    call = extract_sides.side(name, network, folder)
    for count in (1, 5):
        call(count)
    assert {path.suffix for path in folder.iterdir()} == {".jpg", ".onnx"}  # what it wrote is removed


def test_files_are_repeated_where_there_are_fewer(folder):
    images = extract_sides.image_set(folder, 7)
    assert [Path(path).stem for path in images.images] == ["0", "1", "2", "0", "1", "2", "0"]
    assert extract_sides.pixels(images, 0).shape == (224, 224, 3)


def test_a_side_answers_from_its_own_process(network, folder):
    with extract_sides.Side("decoding", network, folder) as side:
        assert 0 < side.each(4) < 1e4 and 0.02 < side.peak_gigabytes() < 4
    with (
        pytest.raises(RuntimeError, match="ended with code 1"),
        extract_sides.Side("ours", folder / "no", folder) as side,
    ):
        side.each(1)


class Told:
    """A side that takes so many milliseconds a picture."""

    def __init__(self, name, each, asked):
        self.name, self.time, self.asked = name, each, asked

    def each(self, count):
        self.asked.append((self.name, count))
        return self.time


def test_peers_are_added_up_and_the_order_alternates(capsys):
    asked = []
    ours, one, two = Told("ours", 4.0, asked), Told("one", 1.0, asked), Told("two", 4.0, asked)
    verdict = extract.compare("net, the limit", (ours, 8), (one, 8), (two, 2), at_least=1.2)
    line = json.loads(capsys.readouterr().out)
    assert verdict == "passed" and (line["ours_ms"], line["peer_ms"], line["ratio"]) == (4, 5, 1.25)
    assert asked[:6] == [("one", 8), ("two", 2), ("ours", 8), ("ours", 8), ("one", 8), ("two", 2)]


def test_the_photographs_are_480_pixels_wide_and_high(tmp_path, monkeypatch):
    monkeypatch.setattr(extract, "FILES", 3)
    extract.write_photographs(tmp_path)
    assert [cv2.imread(str(path)).shape for path in sorted(tmp_path.iterdir())] == [(480, 480, 3)] * 3


def test_torchs_efficientnet_lite_is_ours():
    torch = pytest.importorskip("torch")
    import extract_torch

    trunk = backbone.build("efficientnet_lite0")
    trunk.initialize()
    ours = [p.data().asnumpy() for p in trunk.collect_params().values()]
    net = torch.nn.Sequential(*extract_torch.efficientnet_lite0()).eval()
    state = net.state_dict()
    keys = [key for key in state if not key.endswith("num_batches_tracked")]
    net.load_state_dict({key: torch.tensor(array) for key, array in zip(keys, ours, strict=True)}, strict=False)
    images = np.random.default_rng(0).normal(size=(2, 3, 64, 64)).astype(np.float32)
    with torch.inference_mode():
        found = net(torch.tensor(images)).numpy()
    np.testing.assert_allclose(found, trunk(nd.array(images)).asnumpy(), rtol=1e-3, atol=1e-5 * found.max())


def test_instance_retrieval_s_side_makes_vectors_of_pictures_of_any_shape(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    network, made = tmp_path / "net.onnx", []
    extract_network.served("strided_convnet", "gem").write(network)
    instance_extraction.write_photographs(tmp_path)
    monkeypatch.setattr(instance_extraction, "LONGEST", 64)
    into_file = extract_sides.join.into_file
    monkeypatch.setattr(extract_sides.join, "into_file", lambda *given, **how: made.append(into_file(*given, **how)))
    instance_extraction.side("ours", network, tmp_path)(13)
    assert made == [(13, extract_network.served("strided_convnet").facts.dim)]
