"""Extraction at own proportions and several scales: as a plain second way has it, from a file to a vector."""

from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
from PIL import Image

from embedding.evaluation.whiten import Whitening
from embedding.mx import nd
from embedding.network.net import Encoder

SCALES = "[1, 1/2**(1/2), 1/2]"
MOST = 48


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    encoder = Encoder(model="convnet", pool="gem")
    encoder.initialize()
    encoder(nd.zeros((1, 32, 32, 3), dtype="uint8")).wait_to_read()
    return encoder


@pytest.fixture
def flags(encoder, tmp_path, monkeypatch) -> list[str]:
    """Of a trunk and odd pictures: a panorama, a line, a dot, a grey one, a broken one, and some of many sizes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("embedding.network.weights.load", lambda trunk, path: trunk.load_parameters(str(path)))
    encoder.trunk.save_parameters("convnet.pth")
    rng, sizes = np.random.default_rng(0), [(100, 300, 3), (40, 60), (70, 50, 3), (30, 30, 3), (90, 1, 3), (1, 1, 3)]
    Path("pictures").mkdir()
    for row, size in enumerate(sizes):
        cv2.imwrite(f"pictures/{row}.png", rng.integers(0, 256, size, np.uint8))
    Path("pictures/broken.jpg").write_bytes(b"no picture")
    named = ["--model=convnet", "--use-pretrained=convnet.pth", "--pool=gem", "--data-path=pictures"]
    return [*named, "--resize=own", f"--image-size={MOST}"]


def plain(encoder: Encoder, row: int) -> np.ndarray:
    """The vector of a picture, one step after the other."""
    picture = Image.open(f"pictures/{row}.png").convert("RGB")
    picture.thumbnail((MOST, MOST), Image.Resampling.LANCZOS)
    pixels, vectors = np.asarray(picture, np.float32), []
    for scale in (1, 2**-0.5, 0.5):
        high, wide = (max(1, int(side * scale)) for side in pixels.shape[:2])
        seen = pixels if scale == 1 else cv2.resize(pixels, (wide, high), interpolation=cv2.INTER_LINEAR)
        vector = encoder(nd.array(seen[None])).asnumpy()[0].astype(np.float64)
        vectors.append(vector / np.linalg.norm(vector))
    mean = np.mean(np.power(vectors, 3), axis=0) ** (1 / 3)
    return mean / np.linalg.norm(mean)


def found(path: str) -> tuple[np.ndarray, dict[str, object]]:
    with h5py.File(path) as file:
        return file["train"][:], dict(file.attrs)


@pytest.mark.parametrize("engine, taken", [("onnx", 6), ("mxnet", 4)])  # MXNet pools no picture of a pixel
def test_vectors_are_those_of_a_plain_second_way(run, flags, encoder, engine, taken):
    done = run("extract.py", *flags, f"--multiscale={SCALES}", f"--engine={engine}", "--out=a.h5")
    assert done.returncode == 0, done.stderr
    vectors, told = found("a.h5")
    assert len(vectors) == taken and f"skipped {7 - taken} of 7" in done.stdout
    np.testing.assert_allclose(vectors[:4], [plain(encoder, row) for row in range(4)], atol=1e-4)
    small = "is 1 x 48 pixels, and the network takes none of less than 8"
    assert (small in Path("a.skipped.csv").read_text()) == (taken == 4)
    assert (told["resize"], told["image_size"], told["scales"]) == ("own", str(MOST), "1, 0.707107, 0.5")


def test_whitening_comes_last_and_is_told(run, flags):
    rng = np.random.default_rng(0)
    assert run("extract.py", *flags, "--out=plain.h5").returncode == 0
    vectors, _ = found("plain.h5")
    dim = vectors.shape[1]
    whitening = Whitening(rng.normal(size=dim), rng.normal(size=(5, dim)), "pictures of others")
    whitening.save(Path("w.npz"))
    done = run("extract.py", *flags, "--whitening=w.npz", "--out=a.h5")
    assert done.returncode == 0, done.stderr
    whitened, told = found("a.h5")
    np.testing.assert_allclose(whitened, whitening(vectors), atol=1e-5)
    assert told["whitening"] == "w.npz, learned on pictures of others" and "6 x 5 vectors" in done.stdout


@pytest.mark.parametrize(
    "more, what",
    [
        (["--image-size=40x50"], "--image-size=40x50: give the longest side alone with --resize=own"),
        (["--multiscale=[1, x]"], "--multiscale=[1, x]: give 1 to 16 numbers"),
        (["--whitening=nowhere.npz"], "nowhere.npz cannot be read"),
        (["--whitening=other.npz"], "it was learned from vectors of 3 dimensions, these have"),
        (["--int8"], "--int8: its numbers are chosen by pictures of one size"),
    ],
)
def test_mistakes_are_one_line(run, flags, more, what):
    Whitening(np.zeros(3), np.eye(3)).save(Path("other.npz"))
    done = run("extract.py", *flags, *more, "--out=a.h5")
    assert done.returncode == 2 and what in done.stderr and done.stderr.count("\n") == 1
