"""Extraction by ONNX files: of other people's encoders, in whole numbers, and without MXNet."""

from pathlib import Path

import blocked
import cv2
import encoders
import h5py
import numpy as np
import pytest
from encoders import WIDTH

from embedding.mx import nd
from embedding.network.net import Encoder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    """Twelve pictures of 32 pixels, in four classes."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for row in range(12):
        place = folder / f"class{row % 4}"
        place.mkdir(exist_ok=True)
        colour = np.random.default_rng(row % 4).integers(40, 200, 3)
        picture = np.clip(colour + rng.normal(0, 20, (32, 32, 3)), 0, 255)
        cv2.imwrite(str(place / f"{row}.png"), picture.astype(np.uint8))
    return folder


def vectors(path) -> np.ndarray:
    with h5py.File(path) as file:
        return file["train"][:]


def test_an_encoder_of_others_gives_its_vectors_and_is_told_of(run, pictures, tmp_path):
    model = encoders.clip(tmp_path / "clip.onnx")
    flags = (f"--model={model}", f"--data-path={pictures}", "--resize=stretch")
    done = run("extract.py", *flags, f"--out={tmp_path / 'a.h5'}")
    assert done.returncode == 0, done.stderr
    assert "takes NCHW float32, 32 pixels" in done.stdout and "12 x 6 vectors" in done.stdout
    images = [cv2.imread(str(path))[:, :, ::-1] for path in sorted(pictures.rglob("*.png"))]
    expected = encoders.embedded(np.stack(images), 127.5, 63.75).mean(axis=1)
    done = run("extract.py", *flags, "--mean=0.5", "--std=0.25", f"--out={tmp_path / 'b.h5'}")
    assert done.returncode == 0, done.stderr
    found = vectors(tmp_path / "b.h5")
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert found.shape == (12, WIDTH)
    found = found / np.linalg.norm(found, axis=1, keepdims=True)
    np.testing.assert_allclose(np.sort(found, axis=0), np.sort(expected, axis=0), atol=1e-4)


def test_it_needs_no_mxnet(pictures, tmp_path):
    model = encoders.vit(tmp_path / "vit.onnx")
    flags = [f"--model={model}", "--image-size=16", f"--data-path={pictures}", f"--out={tmp_path / 'a.h5'}"]
    said = blocked.command("extract.py", *flags)
    assert "class token, the first of 5" in said and "12 x 6 vectors" in said


def test_whole_numbers_tell_what_they_cost_once_they_are_made_and_again(run, pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    encoder = Encoder(model="convnet")
    encoder.initialize()
    encoder(nd.zeros((1, 32, 32, 3), dtype="uint8")).wait_to_read()
    monkeypatch.setattr("embedding.network.weights.load", lambda trunk, path: trunk.load_parameters(str(path)))
    encoder.trunk.save_parameters("convnet.pth")
    flags = ["--model=convnet", "--use-pretrained=convnet.pth", "--image-size=32", "--int8"]
    flags += ["--data=folder", f"--data-path={pictures}"]
    first = run("extract.py", *flags, "--out=a.h5")
    assert first.returncode == 0, first.stderr
    (told,) = [line for line in first.stdout.splitlines() if line.startswith("int8 on")]
    assert "recall@1" in told and "of the 10 nearest are the same" in told and "images/s" in told
    again = run("extract.py", *flags, "--out=b.h5")
    assert told in again.stdout and "writing" not in again.stdout
    assert len(list(Path("data/onnx").glob("*.int8.onnx"))) == 1


@pytest.mark.parametrize(
    "flags, what",
    [
        (["--model=nowhere.onnx"], "nowhere.onnx: is not there"),
        (["--model={clip}", "--engine=mxnet"], "--engine=mxnet: --model="),
        (["--model={clip}", "--int8"], "--int8: is for runs and trunks of this project"),
        (["--model={clip}", "--use-pretrained=a.pth"], "--use-pretrained=a.pth"),
        (["--model={clip}", "--output=logits"], "--output=logits"),
        (["--model={clip}", "--mean=0.5"], "--std"),
        (["--model=convnet", "--use-pretrained=a.pth", "--mean=0.5"], "--mean=0.5: is for an encoder of others"),
        (["--model=convnet"], "or --model=ENCODER.onnx"),
    ],
)
def test_a_mistake_is_one_line(run, pictures, tmp_path, flags, what):
    clip = encoders.clip(tmp_path / "clip.onnx")
    flags = [flag.format(clip=clip) for flag in flags]
    done = run("extract.py", *flags, f"--data-path={pictures}", f"--out={tmp_path / 'out.h5'}")
    assert done.returncode == 2 and what in done.stderr and done.stderr.count("\n") == 1, done.stderr
    assert not (tmp_path / "out.h5").exists()
