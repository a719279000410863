"""The file of a network is written once, and anew when the network is another one; and which engine is meant."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.engine import facts as words_of
from embedding.engine import kept, onnx
from embedding.engine.base import Facts
from embedding.graphs.graph import FLOAT, UINT8, Graph
from embedding.network.export import save


def write(network, path, calls):
    """A file with the facts of ``network``; that it was written is noted in ``calls``."""
    graph = Graph()
    mean = graph.add("ReduceMean", graph.add("Cast", "images", to=FLOAT), axes=(1, 2), keepdims=0)
    words = words_of.to_words(Facts(network, "convnet", (8, 8), "crop", 3))
    given, gives = ("images", UINT8, ("N", "H", "W", 3)), (mean, FLOAT, ("N", 3))
    save(graph.model([given], gives, **words).SerializeToString(), path)
    calls.append(network)


def test_it_is_written_once_for_a_network_and_anew_for_another(tmp_path):
    calls, path = [], tmp_path / "net.onnx"
    for network in ("a", "a", "b", "b", "a"):
        assert kept.kept(path, network, lambda path, network=network: write(network, path, calls)) == path
        assert onnx.facts_in(path).network == network
    assert calls == ["a", "b", "a"]


def test_a_file_that_was_cut_off_is_written_anew(tmp_path):
    calls, path = [], tmp_path / "net.onnx"
    path.write_bytes(b"half")
    kept.kept(path, "a", lambda path: write("a", path, calls))
    assert calls == ["a"] and onnx.OnnxEngine(path)(np.full((1, 8, 8, 3), 7, np.uint8)).tolist() == [[7, 7, 7]]


def test_auto_is_the_faster_that_is_installed(monkeypatch):
    assert [kept.chosen(name) for name in kept.ENGINES] == ["onnx", "onnx", "mxnet"]
    monkeypatch.setattr(onnx, "find_spec", lambda name: None)
    assert kept.chosen("auto") == "mxnet"
    with pytest.raises(InputError, match="--engine=onnx: ONNX Runtime is not installed"):
        kept.chosen("onnx")
    with pytest.raises(InputError, match="--engine=torch: must be one of auto, onnx, mxnet"):
        kept.chosen("torch")


def test_fingerprints_are_of_what_a_file_holds(tmp_path):
    for name, content in {"a": b"1", "b": b"1", "c": b"2"}.items():
        (tmp_path / name).write_bytes(content)
    a, b, c = (kept.fingerprint(tmp_path / name) for name in "abc")
    assert a == b != c and len(a) == 16
    with pytest.raises(InputError, match="cannot be read"):
        kept.fingerprint(tmp_path / "d")
