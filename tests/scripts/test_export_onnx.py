"""Runs and trunks as ONNX files: written once, told in a line, opened without MXNet, and every mistake one line."""

import json
import shutil
from pathlib import Path

import blocked
import numpy as np
import pytest

from embedding import build
from embedding.engine.onnx import OnnxEngine
from embedding.mx import mx, nd
from embedding.options import TrainOptions
from hashing.build import hash_net
from hashing.options import HashOptions

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def pixels(count=3):
    return np.random.default_rng(0).integers(0, 256, (count, 28, 28, 3), np.uint8)


def run_folder(folder: Path, options: TrainOptions, net, *, seed: int = 0) -> Path:
    """What a run leaves of its network: options and the best weights."""
    mx.random.seed(seed)
    net.initialize(mx.init.Normal(0.1), force_reinit=True)
    net(nd.array(pixels(), dtype="uint8")).wait_to_read()
    (folder / "best").mkdir(parents=True, exist_ok=True)
    net.save_parameters(str(folder / "best" / "net.params"))
    (folder / "options.json").write_text(json.dumps(vars(options), default=str))
    return folder


@pytest.fixture(scope="module")
def margin_run(tmp_path_factory):
    options = TrainOptions(model="convnet", embed_dim=8, pool="gem", image_size="28", test_size="28")
    net = build.embedding_net(options)
    return run_folder(tmp_path_factory.mktemp("margin") / "run", options, net), net


@pytest.fixture(scope="module")
def hash_run(tmp_path_factory):
    return hashing(tmp_path_factory.mktemp("hash") / "run", "hashnet")


@pytest.fixture(scope="module")
def divided_run(tmp_path_factory):
    return hashing(tmp_path_factory.mktemp("divided") / "run", "dnnh")


@pytest.fixture(scope="module")
def blocks_run(tmp_path_factory):
    return hashing(tmp_path_factory.mktemp("blocks") / "run", "subic")


def hashing(folder, method):
    options = HashOptions(model="convnet", bits=16, method=method, image_size="28", test_size="28", hidden=4)
    net = hash_net(options)
    return run_folder(folder, options, net), net


@pytest.mark.parametrize(
    "kind, gives",
    [
        *(("margin_run", "8 numbers"), ("hash_run", "16 bits")),
        *(("divided_run", "16 bits"), ("blocks_run", "512 bits")),
    ],
)
def test_a_run_is_written_beside_its_weights_and_gives_the_same(run, request, kind, gives):
    folder, net = request.getfixturevalue(kind)
    done = run("export_onnx.py", f"--run={folder}")
    assert done.returncode == 0, done.stderr
    assert f"convnet, images of 28 pixels to {gives}" in done.stdout
    engine = OnnxEngine(folder / "best" / "net.onnx")
    assert engine.facts.codes == (kind != "margin_run") and engine.facts.size == (28, 28)
    expected = net(nd.array(pixels(), dtype="uint8")).asnumpy()
    np.testing.assert_allclose(engine(pixels()), expected, rtol=1e-4, atol=1e-5)
    assert "writing" not in run("export_onnx.py", f"--run={folder}").stdout


def test_new_weights_are_written_anew_and_a_file_by_another_name_is_the_same(run, tmp_path, margin_run):
    shutil.copytree(margin_run[0], tmp_path / "run")
    flags = (f"--run={tmp_path / 'run'}", f"--out={tmp_path / 'sent' / 'cub.onnx'}")
    assert run("export_onnx.py", *flags).returncode == 0
    first = (tmp_path / "sent" / "cub.onnx").read_bytes()
    assert first == (tmp_path / "run" / "best" / "net.onnx").read_bytes()
    options = TrainOptions(model="convnet", embed_dim=8, pool="gem", image_size="28", test_size="28")
    run_folder(tmp_path / "run", options, build.embedding_net(options), seed=1)
    assert "writing" in run("export_onnx.py", *flags).stdout
    assert (tmp_path / "sent" / "cub.onnx").read_bytes() != first


def test_a_run_that_was_written_is_opened_without_mxnet_and_without_its_weights(run, tmp_path, margin_run):
    folder = tmp_path / "run"
    shutil.copytree(margin_run[0], folder)
    assert run("export_onnx.py", f"--run={folder}").returncode == 0
    code = f"""
import numpy, engines
from pathlib import Path
opener = pickle.loads(pickle.dumps(engines.of_run(Path({str(folder)!r}))))
print(opener()(numpy.full((1, 28, 28, 3), 9, numpy.uint8)).tolist())
"""
    found = blocked.python(code)
    np.testing.assert_allclose(json.loads(found), OnnxEngine(folder / "best" / "net.onnx")(
        np.full((1, 28, 28, 3), 9, np.uint8)
    ), rtol=1e-5)  # fmt: skip
    (folder / "best" / "net.params").unlink()
    assert blocked.python(code) == found


def test_mxnet_is_the_other_engine_and_can_be_sent_too(monkeypatch, hash_run):
    import pickle

    monkeypatch.syspath_prepend(str(SCRIPTS))
    import engines

    folder, net = hash_run
    engine = pickle.loads(pickle.dumps(engines.of_run(folder, engine="mxnet")))()
    assert engine.name == "mxnet" and engine.facts.codes and engine.facts.dim == 16
    assert engine.facts == engines.of_run(folder, engine="onnx")().facts
    expected = net(nd.array(pixels(), dtype="uint8")).asnumpy()
    np.testing.assert_allclose(engine(pixels()), expected, rtol=1e-4, atol=1e-5)


def test_a_pretrained_trunk_is_kept_under_data(run, tmp_path, monkeypatch):
    from embedding.network.net import Encoder

    monkeypatch.chdir(tmp_path)
    encoder = Encoder(model="convnet")
    encoder.initialize()
    encoder(nd.array(pixels(), dtype="uint8")).wait_to_read()
    monkeypatch.setattr("embedding.network.weights.load", lambda trunk, path: trunk.load_parameters(str(path)))
    encoder.trunk.save_parameters("convnet.pth")
    done = run("export_onnx.py", "--model=convnet", "--use-pretrained=convnet.pth", "--image-size=28")
    assert done.returncode == 0, done.stderr
    (file,) = Path("data/onnx").glob("convnet-avg-*.onnx")
    assert str(file) in done.stdout and "to 128 numbers" in done.stdout
    expected = encoder(nd.array(pixels(), dtype="uint8")).asnumpy()
    np.testing.assert_allclose(OnnxEngine(file)(pixels()), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "flags, what",
    [
        ([], "nothing to write: give --run=FOLDER, or --model=NAME with --use-pretrained=FILE"),
        (["--run=nowhere"], "--run=nowhere: is not there"),
        (["--run={run}", "--model=convnet"], "--model=convnet: --run names the network"),
        (["--run={run}", "--out=net.bin"], "--out=net.bin: the name of an ONNX file ends with .onnx"),
        (["--run={run}", "--checkpoint=newest"], "newest/net.params: cannot be read"),
        (["--run={empty}"], "holds no trained network 'best' (No such file or directory): name a run folder"),
        (["--model=convent", "--use-pretrained=x.pth"], "unknown model 'convent': did you mean convnet?"),
        (["--model=convnet", "--use-pretrained=x.pth"], "x.pth"),
    ],
)
def test_a_mistake_is_one_line(run, margin_run, tmp_path, flags, what):
    flags = [flag.format(run=margin_run[0], empty=tmp_path) for flag in flags]
    done = run("export_onnx.py", *flags)
    assert done.returncode == 2 and what in done.stderr and done.stderr.count("\n") == 1


def test_a_trunk_sees_photographs_at_its_own_size_and_a_set_of_another_size_at_that(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    import engines

    lite = {"model": "efficientnet_lite2", "use_pretrained": "a.pth"}
    assert engines.trunk(**lite).test_size == "260"
    assert engines.trunk(**lite, size=(256, 128)).test_size == "256x128"
    assert engines.trunk(**lite, image_size="96").test_size == "96"
