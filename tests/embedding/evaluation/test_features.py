"""Cached features: the same as the trunk's, kept under what they depend on, and a head that trains on them."""

import dataclasses
import json
import os
import threading
import time

import cv2
import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import digits
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped
from embedding import build
from embedding.batches.loader import Batches
from embedding.batches.plan import AtRandom, ByClass
from embedding.evaluation import features
from embedding.evaluation.extract import extract, through, unread
from embedding.losses.margin import MarginLoss
from embedding.mx import mx, nd
from embedding.network.net import EmbeddingNet
from embedding.options import TrainOptions
from embedding.train import train, train_with

HOW = {"size": 32, "resize": "crop", "contexts": [mx.cpu()]}


@pytest.fixture(scope="module")
def images():
    found = digits.load(None)
    rows = np.arange(0, len(found), 9)
    kept = np.isin(np.arange(len(found)), rows)
    split = {part: np.flatnonzero(kept[getattr(found, part)]) for part in ("train", "query", "gallery")}
    small = dataclasses.replace(
        found,
        images=found.images[rows],
        labels=found.labels[rows],
        **{part: np.searchsorted(rows, getattr(found, part)[split[part]]) for part in split},
    )
    return small.check()


def network(seed=0, pool="avg"):
    mx.random.seed(seed)
    net = EmbeddingNet(model="convnet", dim=8, pool=pool)
    net.initialize(mx.init.Xavier())
    net(nd.zeros((1, 32, 32, 3), dtype="uint8"))
    return net


def test_features_are_those_of_the_trunk_and_kept(images, tmp_path, monkeypatch):
    net = network()
    found = features.cached(net.encoder, images, folder=tmp_path, **HOW)
    rows = np.arange(len(images))
    unit = found / np.linalg.norm(found, axis=1, keepdims=True)
    np.testing.assert_allclose(unit, extract(net.encoder, images, rows, **HOW).vectors, atol=1e-6)
    monkeypatch.setattr(features, "outputs", lambda *_, **__: pytest.fail("extracted again"))
    np.testing.assert_array_equal(features.cached(net.encoder, images, folder=tmp_path, **HOW), found)


@pytest.mark.parametrize("change", ["weights", "pooling", "size", "images"])
def test_other_weights_poolings_sizes_or_images_are_other_features(change, images, tmp_path):
    features.cached(network().encoder, images, folder=tmp_path, **HOW)
    other = dataclasses.replace(images, images=images.images[::-1].copy()) if change == "images" else images
    how = {**HOW, "size": 40} if change == "size" else HOW
    net = network(seed=int(change == "weights"), pool="max" if change == "pooling" else "avg")
    features.cached(net.encoder, other, folder=tmp_path, **how)
    assert len(list(tmp_path.glob("*.npy"))) == 2


def test_features_that_another_process_extracts_are_waited_for(images, tmp_path, monkeypatch):
    net, outputs, calls = network(), features.outputs, []

    def slowly(*given, **how):
        calls.append(1)
        waiting.start()
        waiting.join(timeout=0.5)
        assert waiting.is_alive()
        return outputs(*given, **how)

    def wait_for_them():
        found.append(features.cached(net.encoder, images, folder=tmp_path, **HOW))

    found, waiting = [], threading.Thread(target=wait_for_them)
    monkeypatch.setattr(features, "outputs", slowly)
    own = features.cached(net.encoder, images, folder=tmp_path, **HOW)
    waiting.join()
    assert calls == [1]
    np.testing.assert_array_equal(found[0], own)


def test_a_damaged_file_is_named(images, tmp_path):
    net = network()
    features.cached(net.encoder, images, folder=tmp_path, **HOW)
    path = next(tmp_path.glob("*.npy"))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=f"{path.name}.* remove it"):
        features.cached(net.encoder, images, folder=tmp_path, **HOW)


def test_batches_hold_the_rows_of_their_images(images):
    kept = np.arange(len(images), dtype=np.float32)[:, None]
    how = {"deal": ByClass(3, 4), "size": 32, "augmentation": None}
    batches = features.FeatureBatches(kept, images, **how)
    for batch, plan in zip(batches.epoch(1), batches.plan(1), strict=True):
        np.testing.assert_array_equal(batch.inputs[0].asnumpy()[:, 0], images.train[plan])
        names, labels = np.unique(images.labels[images.train], return_inverse=True)
        np.testing.assert_array_equal(batch.targets[0].asnumpy(), labels[plan])
        assert len(names) == batches.class_count


def test_training_classes_of_which_all_but_one_cannot_be_read_are_no_training(images):
    kept = np.random.default_rng(0).random((len(images), 8), np.float32)
    classes = np.unique(images.labels[images.train])
    kept[np.isin(images.labels, classes[1:])] = np.nan
    with pytest.raises(InputError, match=f"images of 1 of {len(classes)} training classes can be read"):
        features.FeatureBatches(kept, images, deal=ByClass(3, 4), size=32, augmentation=None)


def test_the_judge_gives_the_same_scores_with_and_without(images, tmp_path):
    net = network()
    kept = features.cached(net.encoder, images, folder=tmp_path, **HOW)
    how = {"size": 32, "ks": (1, 2), "nmi": False, "contexts": [mx.cpu()]}
    plain, cached = build.Judge(images, **how), features.FeatureJudge(kept, images, **how)
    assert cached.scores(net) == pytest.approx(plain.scores(net))
    assert cached.scores(net.encoder) == pytest.approx(plain.scores(net.encoder))
    assert cached.scores(net.encoder, size=48) == plain.scores(net.encoder, size=48)


def test_flags_that_change_nothing_are_known():
    given = {"flip": False, "min_crop": 0.5, "freeze_bn": True, "image_size": "28", "lr": 1e-2}
    assert TrainOptions(**given).idle == []
    assert TrainOptions(**given, cache_features=True).idle == ["--freeze-bn", "--min-crop", "--flip"]
    assert TrainOptions(image_size="28", test_size="32", cache_features=True).idle == ["--image-size"]
    assert TrainOptions(cache_features=True).idle == []


def test_a_head_trains_and_the_trunk_stays(tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    caplog.set_level("INFO")
    options = TrainOptions(
        data="digits", cache_features=True, epochs=3, lr=1e-2, batch_size=20, batch_k=5, report=False, lr_mult=0.1
    )
    folder = train(options, lambda classes: MarginLoss(classes=classes, dim=128, batch_k=5), loss_name="margin")
    assert len(list((tmp_path / "data" / "features").glob("*.npy"))) == 1
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    scores = {row["row"]: row for row in rows if row["kind"] == "scores"}
    assert "with --cache-features these change nothing: --lr-mult" in caplog.text
    losses = [row["loss"] for row in rows if row["kind"] == "epoch"]
    assert losses[-1] < 0.9 * losses[0]
    best, _ = build.trained_network(folder, "best", [mx.cpu()])  # a whole network, which takes images
    judge = build.Judge(digits.load(None), size=28, ks=(1,), nmi=False, contexts=[mx.cpu()])
    assert judge.scores(best)["recall@1"] == pytest.approx(scores["best"]["recall@1"], abs=0.005)


@pytest.mark.parametrize("loss", ["asoftmax", "center", "triplet"])
def test_a_head_goes_on_as_if_it_had_not_stopped(loss, tmp_path, monkeypatch):
    """With losses that change as training goes on: steps, centres, a warm-up of one epoch."""
    monkeypatch.chdir(tmp_path)
    own = {"warm_up": 1} if loss == "triplet" else {}
    small = {"data": "digits", "cache_features": True, "epoch_steps": 3, "batch_size": 12, "batch_k": 4}
    options = TrainOptions(**small, report=False, embed_dim=8, lr=1e-2, epochs=1)
    train_with(options, loss, **own)
    folder = train_with(dataclasses.replace(options, epochs=2), loss, **own)
    whole = train_with(dataclasses.replace(options, epochs=2, name="whole"), loss, **own)
    for name in ("net.params", "loss.params"):
        found, wanted = (nd.load(str(path / "last" / name)) for path in (folder, whole))
        assert wanted
        for key, array in wanted.items():
            np.testing.assert_array_equal(found[key].asnumpy(), array.asnumpy())


def on_disk(images, folder, broken):
    """The first 40 images as files, half of them to train on; the ``broken`` are no pictures."""
    paths = [str(folder / f"{row:02}.png") for row in range(40)]
    for path, image in zip(paths, images.images, strict=False):
        cv2.imwrite(path, image)
    for row in broken:
        (folder / f"{row:02}.png").write_text("no picture")
    rows = np.arange(40)
    split = {"train": rows[:20], "query": rows[20:], "gallery": rows[20:]}
    return dataclasses.replace(images, images=paths, labels=rows % 5, **split)


def test_what_cannot_be_read_is_told_again_until_it_is_mended(images, tmp_path, monkeypatch):
    found, net, first, second = on_disk(images, tmp_path, [3, 30]), network(), Skipped(40), Skipped(40)
    kept = features.cached(net.encoder, found, folder=tmp_path / "kept", skipped=first, **HOW)
    assert np.flatnonzero(unread(kept)).tolist() == np.flatnonzero(np.isnan(kept).any(axis=1)).tolist() == [3, 30]
    outputs, read = features.outputs, []
    monkeypatch.setattr(features, "outputs", lambda *a, **how: read.append(a[2].tolist()) or outputs(*a, **how))
    with pytest.raises(Unreadable):
        features.cached(net.encoder, found, folder=tmp_path / "kept", **HOW)
    again = features.cached(net.encoder, found, folder=tmp_path / "kept", skipped=second, **HOW)
    np.testing.assert_array_equal(again, kept)
    assert first.reasons == second.reasons and list(first.reasons) == [
        str(tmp_path / f"{row}.png") for row in ("03", 30)
    ]
    with pytest.raises(InputError, match="--max-bad=0 allows 0"):
        features.cached(net.encoder, found, folder=tmp_path / "kept", skipped=Skipped(40, max_bad=0), **HOW)
    cv2.imwrite(found.images[30], images.images[30])
    for asked in ([3, 30], [3]):  # mended, and mended before
        read.clear()
        third = Skipped(40)
        mended = features.cached(net.encoder, found, folder=tmp_path / "kept", skipped=third, **HOW)
        assert np.flatnonzero(unread(mended)).tolist() == [3] and list(third.reasons) == [found.images[3]]
        assert read == [asked]
    whole = features.cached(net.encoder, found, folder=tmp_path / "anew", skipped=third, **HOW)
    np.testing.assert_allclose(mended, whole, rtol=1e-5)


def test_pictures_that_were_changed_since_are_extracted_anew(images, tmp_path, monkeypatch, caplog):
    found, net = on_disk(images, tmp_path, []), network()
    features.cached(net.encoder, found, folder=tmp_path / "kept", **HOW)
    time.sleep(0.02)  # the clock of the file system
    cv2.imwrite(found.images[30], images.images[31])
    os.utime(found.images[30], (0, 0))  # as a copy that keeps its time
    outputs, read = features.outputs, []
    monkeypatch.setattr(features, "outputs", lambda *a, **how: read.append(a[2].tolist()) or outputs(*a, **how))
    with caplog.at_level("INFO"):
        again = features.cached(net.encoder, found, folder=tmp_path / "kept", **HOW)
    np.testing.assert_allclose(again[30], again[31], rtol=1e-5)
    assert read == [[30]] and "extracting features of 1 image that was changed since: " in caplog.text
    np.testing.assert_array_equal(features.cached(net.encoder, found, folder=tmp_path / "kept", **HOW), again)
    assert read == [[30]]


def test_nothing_that_cannot_be_read_reaches_a_network(images, tmp_path, monkeypatch):
    found, net, skipped = on_disk(images, tmp_path, [3, 30]), network(), Skipped(40)
    kept = features.cached(net.encoder, found, folder=tmp_path, skipped=skipped, **HOW)
    how = {"size": 32, "ks": (1, 2), "nmi": False, "contexts": [mx.cpu()], "skipped": skipped}
    seen, head = [], features._head
    monkeypatch.setattr(features, "_head", lambda net, rows: seen.append(np.isfinite(rows).all()) or head(net, rows))
    cached = features.FeatureJudge(kept, found, **how).scores(net)
    assert seen == [True]
    assert cached == pytest.approx(build.Judge(found, **how).scores(net))


@pytest.mark.parametrize("broken", [[3], [3, 8, 13, 18], [0, 1, 2, 3, 5, 7]])
@pytest.mark.parametrize("deal", [ByClass(3, 2), AtRandom(6)])
def test_batches_of_features_are_those_of_images(deal, broken, images, tmp_path):
    """Also where a class, of 3, 8, 13 and 18, has none that can be read."""
    found, skipped = on_disk(images, tmp_path, broken), Skipped(40)
    numbers = np.arange(40, dtype=np.float32)[:, None] * np.ones(4, np.float32)
    numbers[broken] = np.nan
    how = {"deal": deal, "size": 32, "augmentation": None, "seed": 5, "skipped": skipped}
    of_features = features.FeatureBatches(numbers, found, **how)

    class Numbers(Batches):
        def _read(self, position):
            return super()._read(position) if position in broken else numbers[position]

        def _load(self, position, seed):
            return self._find(position, np.random.default_rng(seed))

    how["augmentation"] = build.Augmentation()
    for batch, wanted in zip(of_features.epoch(2), Numbers(found, **how).epoch(2), strict=True):
        values, labels = batch.inputs[0].asnumpy()[:, 0], batch.targets[0].asnumpy()
        assert not set(values) & set(broken) and (values % 5 == labels).all()
        np.testing.assert_array_equal(values, wanted.inputs[0].asnumpy()[:, 0])
        np.testing.assert_array_equal(labels, wanted.targets[0].asnumpy())


def test_part_of_a_network_sees_no_missing_rows():
    rows = np.arange(12, dtype=np.float32).reshape(6, 2)
    rows[[1, 4]] = np.nan
    doubled = through(lambda given: given[:, :1] * (2 if np.isfinite(given).all() else 0), rows)
    np.testing.assert_array_equal(doubled, 2 * rows[:, :1])
    assert through(lambda _: pytest.fail("called"), rows[[1, 4]]).shape == (2, 2)
    assert unread(np.array([[np.nan, 1], [np.nan, np.nan]])).tolist() == [False, True]
