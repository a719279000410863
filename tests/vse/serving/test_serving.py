"""Towers as they are served: the image tower with its trunk, mirrored or not, and ONNX files of both that search."""

from functools import partial

import numpy as np
import planted
import pytest

from datasets.errors import InputError
from datasets.images.skipped import Skipped
from embedding.engine.onnx import OnnxEngine, run_once
from embedding.mx import mx, nd
from embedding.network import export
from embedding.network.net import Encoder
from vse import build
from vse.network.towers import ImageTower, WholeImageTower
from vse.serving import files, towers


@pytest.fixture(scope="module", params=["max_hinge", "order"])
def run_folder(request, tmp_path_factory):
    place = tmp_path_factory.mktemp("planted")
    folder = planted.run_folder(place / "run", planted.pictures(place / "pictures"), loss=request.param)
    towers.served(folder, "best", [mx.cpu()]).write(folder / "best" / "net.onnx")
    towers.write_captions(folder, "best", folder / "best" / "captions.onnx")
    return folder


@pytest.fixture
def searcher(run_folder):
    best = run_folder / "best"
    return files.searcher(best / "captions.onnx", partial(OnnxEngine, best / "net.onnx"))


@pytest.fixture
def captions(run_folder):
    return planted.caption_set(planted.pictures(run_folder.parent / "pictures"))


def test_files_search_as_the_run_does(run_folder, searcher, captions):
    trained = build.trained(run_folder, "best", [mx.cpu()])
    assert (searcher.dim, searcher.similarity) == (planted.DIM, trained.similarity)
    assert searcher.embedder.vocabulary.words == trained.embedder.vocabulary.words
    told = [*captions.captions, "zebra", planted.CHINESE]
    close = partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-5)
    close(searcher.embedder.sentences(told), trained.embedder.sentences(told))
    images = captions.as_images()
    close(searcher.embedder.images(images, captions.test), trained.embedder.images(images, captions.test))


def test_a_picture_that_cannot_be_read_is_a_row_of_nan_or_an_error(searcher, captions, tmp_path):
    import dataclasses

    (tmp_path / "broken.png").write_text("no picture")
    paths = [captions.images[0], str(tmp_path / "broken.png"), *captions.images[2:]]
    images, skipped = dataclasses.replace(captions, images=paths).as_images(), Skipped(4, max_bad=0.5)
    found = searcher.embedder.images(images, captions.test, skipped)
    assert np.isnan(found).all(axis=1).tolist() == [False, True, False, False] and len(skipped.reasons) == 1
    with pytest.raises(InputError, match="broken.png"):
        searcher.embedder.images(images, captions.test)


def test_a_mirrored_tower_takes_the_mean_of_both_views():
    rng = np.random.default_rng(0)
    mx.random.seed(0)
    encoder, tower = Encoder(model="convnet"), ImageTower(8)
    encoder.initialize()
    tower.initialize()
    tower.settle(rng.random((10, 128)).astype(np.float32))
    whole = WholeImageTower(encoder, tower, mirrored=True)
    pixels = rng.integers(0, 256, (3, 32, 40, 3), np.uint8)
    views = [encoder(nd.array(view, dtype="uint8")) for view in (pixels, pixels[:, :, ::-1].copy())]
    expected = tower((views[0] + views[1]) / 2).asnumpy()
    np.testing.assert_allclose(whole(nd.array(pixels, dtype="uint8")).asnumpy(), expected, atol=1e-6)
    np.testing.assert_allclose(run_once(export.model(whole).SerializeToString(), pixels), expected, atol=1e-6)


def test_a_file_of_something_else_is_no_caption_tower(run_folder):
    with pytest.raises(InputError, match="net.onnx: is no caption tower"):
        files.searcher(run_folder / "best" / "net.onnx", lambda: None)
