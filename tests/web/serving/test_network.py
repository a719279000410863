"""Networks of every family as the page opens them: their vectors are those of extraction; sentences; mistakes."""

import json
import threading
from pathlib import Path

import cv2
import numpy as np
import planted
import pytest
import sketched

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.pixels import Unreadable
from embedding import build
from embedding.evaluation.whiten import Whitening
from embedding.extraction import memory
from embedding.mx import mx, nd
from embedding.options import TrainOptions
from hashing.build import hash_net
from hashing.options import HashOptions
from web.serving import network, signs
from web.serving.network import Spec

SMALL = {"model": "convnet", "image_size": "28", "test_size": "28"}


def run_folder(folder, options, net):
    """What a run leaves of its network: options and the best weights."""
    mx.random.seed(0)
    net.initialize(mx.init.Normal(0.1), force_reinit=True)
    net(nd.zeros((1, 28, 28, 3), dtype="uint8")).wait_to_read()
    (folder / "best").mkdir(parents=True, exist_ok=True)
    net.save_parameters(str(folder / "best" / "net.params"))
    (folder / "options.json").write_text(json.dumps(vars(options), default=str))
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A Spec of each family."""
    place = tmp_path_factory.mktemp("runs")
    options = TrainOptions(embed_dim=8, pool="gem", **SMALL)
    metric = run_folder(place / "metric", options, build.embedding_net(options))
    options = HashOptions(bits=16, method="hashnet", hidden=4, **SMALL)
    hashing = run_folder(place / "hashing", options, hash_net(options))
    words = planted.run_folder(place / "words", planted.pictures(place / "pictures"))
    order = planted.run_folder(place / "order", planted.pictures(place / "pictures"), loss="order")
    named = {"metric": metric, "hashing": hashing, "words": words, "order": order}
    return {name: Spec("run", path=str(folder)) for name, folder in named.items()}


@pytest.fixture(scope="module")
def photograph(tmp_path_factory):
    """A JPEG that is larger than any network wants it, and not square."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (9, 12, 3), np.uint8)
    path = tmp_path_factory.mktemp("photograph") / "photo.jpg"
    cv2.imwrite(str(path), cv2.resize(small, (480, 360), interpolation=cv2.INTER_CUBIC))
    return path


def extracted(opened, path, crops=None):
    row = np.arange(1)
    images = ImageSet("x", [str(path)], 0 * row, ("x",), row[:0], row, row, boxes=crops)
    return memory.vectors(opened.describer.engine, images, row, size=opened.size, resize=opened.resize, batch_size=1)


@pytest.mark.parametrize("kind", ["metric", "hashing", "words", "order"])
def test_a_picture_is_what_extraction_makes_of_it(runs, photograph, kind):
    opened = network.opened(runs[kind])
    vector = opened.picture(photograph.read_bytes(), photograph.name)
    made = extracted(opened, photograph)
    expected = signs.rows(made > 0) if kind == "hashing" else made / np.linalg.norm(made)
    np.testing.assert_allclose(vector[None], expected, atol=1e-6)
    assert opened.facts.codes == (kind == "hashing") and len(vector) == opened.facts.dim
    assert opened.facts.similarity == ("order" if kind == "order" else "cosine")
    assert opened.knows_sentences == (kind in ("words", "order"))


@pytest.mark.parametrize("codes", [False, True])
def test_a_sketch_goes_in_by_a_side_of_its_own(codes, photograph, tmp_path):
    opened = network.opened(Spec("run", path=str(sketched.run_folder(tmp_path / "run", codes=codes))))
    assert opened.knows_sketches and opened.facts.codes == codes
    data = photograph.read_bytes()
    sketch, picture = opened.sketch(data, "sketch.png"), opened.picture(data, "photo.jpg")
    assert sketch.shape == picture.shape == (16 if codes else 8,) and abs(np.linalg.norm(sketch) - 1) < 1e-5
    assert not np.allclose(sketch, picture, atol=1e-3)
    one = network.opened(Spec("run", path=str(sketched.run_folder(tmp_path / "one", codes=codes, share="all"))))
    np.testing.assert_allclose(one.sketch(data, "sketch.png"), one.picture(data, "photo.jpg"), atol=1e-6)


def test_other_networks_know_no_sketches(runs, photograph):
    opened = network.opened(runs["words"])
    assert not opened.knows_sketches
    with pytest.raises(InputError, match="knows no sketches"):
        opened.sketch(photograph.read_bytes(), "sketch.png")


def test_a_part_of_a_picture(runs, photograph):
    opened = network.opened(runs["metric"])
    vector = opened.picture(photograph.read_bytes(), "photo.jpg", crop=(0.25, 0.5, 0.5, 0.25))
    made = extracted(opened, photograph, crops=np.array([[120, 180, 240, 90]], np.float32))
    np.testing.assert_allclose(vector, made[0] / np.linalg.norm(made), atol=0.02)  # the box's picture is decoded whole
    whole = opened.picture(photograph.read_bytes(), "photo.jpg", crop=(0, 0, 1, 1))
    np.testing.assert_allclose(whole, opened.picture(photograph.read_bytes(), "photo.jpg"), atol=1e-6)
    for crop in ((0, 0, 0, 1), (1, 0, 1, 1), (0, -0.1, 1, 1), (float("nan"), 0, 1, 1)):
        with pytest.raises(InputError, match="crop"):
            opened.picture(photograph.read_bytes(), "photo.jpg", crop=crop)


@pytest.mark.parametrize("kind", ["words", "order"])
def test_a_sentence_finds_its_picture(runs, kind):
    opened = network.opened(runs[kind])
    place = {name: runs[kind].path.rsplit("/", 1)[0] + f"/pictures/{name}.png" for name in planted.COLOURS}
    pictures = np.stack([opened.picture(Path(path).read_bytes(), path) for path in place.values()])
    sentence = opened.sentence("a green picture")
    assert sentence.dtype == np.float32 and abs(np.linalg.norm(sentence) - 1) < 1e-5
    assert list(place)[int(np.argmax(pictures @ sentence))] == "green"
    assert opened.unknown("a green zebra") == ["zebra"]
    with pytest.raises(InputError, match="no word of it is known"):
        opened.sentence("zebras!")


def test_several_scales_and_a_whitening(runs, photograph, tmp_path):
    plain = network.opened(runs["metric"])
    rng = np.random.default_rng(0)
    Whitening(rng.standard_normal(8) / 10, rng.standard_normal((5, 8))).save(tmp_path / "w.npz")
    spec = Spec("run", path=runs["metric"].path, multiscale="[1, 1/2]", whitening=str(tmp_path / "w.npz"))
    opened = network.opened(Spec.read(str(spec)))
    vector = opened.picture(photograph.read_bytes(), "photo.jpg")
    assert vector.shape == (5,) and opened.facts.dim == 5 and opened.facts.network != plain.facts.network
    assert network.opened(Spec("run", path=spec.path, resize="stretch")).facts.network != plain.facts.network


def test_it_is_opened_once_however_many_ask(runs, monkeypatch):
    network._opened.cache_clear()
    made, real = [], network._opener
    monkeypatch.setattr(network, "_opener", lambda spec: made.append(spec) or real(spec))
    threads = [threading.Thread(target=network.opened, args=(runs["metric"],)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


@pytest.mark.parametrize(
    "spec, what",
    [
        (Spec("run", path="/nowhere"), "/nowhere"),
        (Spec("onnx", path="/nowhere/x.onnx"), "is not there"),
        (Spec("trunk", model="convent", use_pretrained="x.pth"), "did you mean convnet"),
        (Spec("cloud"), "must be one of run, trunk, onnx"),
    ],
)
def test_a_network_that_is_not_there_is_one_line(spec, what):
    with pytest.raises(InputError, match=what) as error:
        network.opened(spec)
    assert "\n" not in str(error.value)


def test_what_is_no_picture_is_told_by_its_name(runs):
    with pytest.raises(Unreadable, match=r"cat\.jpg"):
        network.opened(runs["metric"]).picture(b"no picture", "cat.jpg")
    with pytest.raises(InputError, match="knows no sentences"):
        network.opened(runs["metric"]).sentence("a cat")
