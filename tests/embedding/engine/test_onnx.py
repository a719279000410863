"""The engine of an ONNX file, and what it says where something is not there."""

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.engine import facts as words_of
from embedding.engine import onnx
from embedding.engine.base import Facts
from embedding.engine.onnx import OnnxEngine, facts_in, shared
from embedding.mx import mx, nd
from embedding.network import export
from embedding.network.net import EmbeddingNet

ROOT = Path(__file__).resolve().parents[3]
FACTS = Facts("0b5c", "convnet", (32, 48), "stretch", 8, codes=True, similarity="order")


@pytest.fixture(scope="module")
def net():
    mx.random.seed(0)
    net = EmbeddingNet(model="convnet", dim=8)
    net.initialize()
    net(nd.zeros((1, 32, 32, 3), dtype="uint8"))
    return net


@pytest.fixture(scope="module")
def file(net, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("file") / "net.onnx"
    export.save(export.model(net, **words_of.to_words(FACTS)).SerializeToString(), path)
    return path


def pixels(count):
    return np.random.default_rng(count).integers(0, 256, (count, 32, 48, 3), np.uint8)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_it_gives_what_the_network_gives(net, file, count):
    engine = OnnxEngine(file, threads=1)
    found = engine(pixels(count))
    assert found.shape == (count, 8) and found.dtype == np.float32
    if count:
        expected = net(nd.array(pixels(count), dtype="uint8")).asnumpy()
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_images_that_lie_in_memory_the_other_way_round_are_taken_too(file):
    engine, images = OnnxEngine(file, threads=1), pixels(2)
    np.testing.assert_array_equal(engine(images[:, :, ::-1]), engine(images[:, :, ::-1].copy()))


def test_facts_stand_in_the_file_and_come_back(file):
    assert OnnxEngine(file).facts == facts_in(file) == FACTS


def test_files_of_before_there_was_a_power_are_read():
    words = words_of.to_words(replace(FACTS, power=2.9, resize="own"))
    assert words_of.from_words(words) == replace(FACTS, power=2.9, resize="own")
    del words["power"]
    assert words_of.from_words(words) == replace(FACTS, resize="own")


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_pictures_of_any_sizes_come_as_alone(file, dtype):
    rng = np.random.default_rng(0)
    several = [rng.integers(0, 256, (32 + i, 70 - 3 * i, 3)).astype(dtype) for i in range(9)]
    engine = OnnxEngine(file, threads=2)
    found = engine.each(several)
    assert found.tobytes() == np.concatenate([engine(picture[None]) for picture in several]).tobytes()
    assert (
        found.tobytes()
        == OnnxEngine(file, threads=1).each([*several[5:], *several[:5]])[[*range(4, 9), *range(4)]].tobytes()
    )


def test_floats_are_not_rounded_and_bytes_stay_what_they_are(net, file):
    engine, given = OnnxEngine(file, threads=1), pixels(2)
    before = engine(given)
    between = given / np.float32(1.7)
    np.testing.assert_allclose(engine(between), net(nd.array(between)).asnumpy(), rtol=1e-4, atol=1e-6)
    assert engine(given).tobytes() == before.tobytes()


def test_facts_that_are_not_ours_are_none():
    words = words_of.to_words(FACTS)
    assert words_of.from_words(words) == FACTS
    assert words_of.from_words({"dim": "8"}) is None
    assert words_of.from_words({**words, "dim": "many"}) is None
    assert words_of.from_words({**words, "size": "large"}) is None


def test_devices_share_images_in_order(file):
    sessions = onnx.sessions(file, threads=1) * 3
    for count in (1, 2, 5):
        with ThreadPoolExecutor(3) as pool:
            found = shared(sessions, pixels(count), 8, pool=pool, at_once=2)
        np.testing.assert_allclose(found, OnnxEngine(file)(pixels(count)), atol=1e-6)


@pytest.mark.parametrize("threads", [1, 3])
def test_cores_share_images_in_order_and_give_what_one_gives(file, threads):
    images = pixels(11)
    alone = np.concatenate([onnx.run_once(file.read_bytes(), images[i : i + 1]) for i in range(11)])
    np.testing.assert_array_equal(OnnxEngine(file, threads=threads)(images), alone)


def test_it_runs_in_a_process_without_mxnet_and_is_opened_there_by_what_was_pickled(file, net, tmp_path):
    (tmp_path / "opener").write_bytes(pickle.dumps(partial(OnnxEngine, file, threads=1)))
    np.save(tmp_path / "pixels.npy", pixels(2))
    code = f"""
import importlib.abc, pickle, sys
class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("mxnet", "gluoncv", "onnx"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Blocked())
import numpy
engine = pickle.load(open({str(tmp_path / "opener")!r}, "rb"))()
numpy.save({str(tmp_path / "found.npy")!r}, engine(numpy.load({str(tmp_path / "pixels.npy")!r})))
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(ROOT)})
    expected = net(nd.array(pixels(2), dtype="uint8")).asnumpy()
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), expected, rtol=1e-4, atol=1e-6)


def test_a_file_that_is_not_there_or_no_onnx_file_or_none_of_ours_is_one_line(net, tmp_path):
    with pytest.raises(InputError, match="is not there"):
        OnnxEngine(tmp_path / "net.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"no such thing")
    with pytest.raises(InputError, match="cannot be opened as an ONNX file") as told:
        OnnxEngine(tmp_path / "broken.onnx")
    assert "\n" not in str(told.value)
    export.save(export.model(net).SerializeToString(), tmp_path / "bare.onnx")
    with pytest.raises(InputError, match="tells nothing of how it wants its images"):
        OnnxEngine(tmp_path / "bare.onnx")


@pytest.mark.parametrize("gpus, what", [("0", "built for the CPU"), ("one", "device numbers"), ("1,1", "must differ")])
def test_a_gpu_that_is_not_there_is_one_line(file, gpus, what, monkeypatch):
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(InputError, match=f"--gpus={gpus}: .*{what}"):
        OnnxEngine(file, gpus=gpus)


def test_without_onnx_runtime_or_with_both_of_its_packages_it_says_so(file, monkeypatch):
    class Package:
        def __init__(self, name):
            self.metadata = {"Name": name}

    both = [Package("onnxruntime"), Package("onnxruntime-gpu"), Package("numpy")]
    monkeypatch.setattr(onnx.metadata, "distributions", lambda: both)
    with pytest.raises(InputError, match="are both installed, into one folder"):
        OnnxEngine(file)
    monkeypatch.setattr(onnx, "find_spec", lambda name: None)
    assert not onnx.installed()
    with pytest.raises(InputError, match="--engine=onnx: ONNX Runtime is not installed; pip install"):
        OnnxEngine(file)
