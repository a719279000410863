"""A whole hashing run on digits: rows, files, the continuation, going on, leaks, and the options it refuses."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images import digits
from datasets.stored import vectors_file
from embedding.mx import nd
from embedding.network import backbone
from hashing import build
from hashing.evaluation.scores import evaluate
from hashing.options import HashOptions
from hashing.train import train


def options(folder, **changes) -> HashOptions:
    small = {"data": "digits", "batch_size": 20, "batch_k": 4, "epoch_steps": 4, "epochs": 2, "lr": 1e-3, "bits": 16}
    return HashOptions(**{**small, "runs": folder, "report": False, **changes})


def lines(folder, kind: str) -> list[dict]:
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line for line in found if line["kind"] == kind]


def weights(folder, part="last"):
    return {name: array.asnumpy() for name, array in nd.load(str(folder / part / "net.params")).items()}


@pytest.fixture
def known_classes(monkeypatch):
    """Digits under a split whose queries are of the classes that are trained on, the train part in the gallery."""
    images = digits.load(None)
    rows = np.random.default_rng(0).permutation(len(images))[:300]
    split = images.with_split(train=rows[:100], query=rows[100:140], gallery=np.r_[rows[:100], rows[140:]])
    monkeypatch.setattr(build.image_source, "load", lambda *_, **__: split)
    return split


def test_a_run_leaves_all_it_promises(tmp_path):
    folder = train(options(tmp_path, save_model_prefix="codes", report=True))
    assert folder == tmp_path / "digits-hashnet-16"
    present = {path.name for path in folder.iterdir()} - {"lock"}
    files = {"options.json", "log.txt", "metrics.jsonl", "last", "best", "vectors.h5", "codes.params", "report"}
    assert present == files
    assert (folder / "report" / "index.html").exists()
    assert [line["row"] for line in lines(folder, "scores")] == ["itq", "lsh", "pca", "last"]
    assert all(line["seconds"] >= 0 for line in lines(folder, "baseline"))
    stored = json.loads((folder / "options.json").read_text())
    assert (stored["method"], stored["bits"], stored["batch_k"]) == ("hashnet", 16, 4)


def test_the_codes_saved_have_the_scores_of_the_last_row(tmp_path):
    folder = train(options(tmp_path, top="all,50", test_k="10"))
    vectors = vectors_file.load(folder / "vectors.h5")
    assert (vectors.metric, vectors.dim, vectors.gallery.dtype) == ("hamming", 16, np.uint8)
    found = evaluate(vectors, tops=(None, 50), ns=(10,))
    row = lines(folder, "scores")[-1]
    assert {"map@all", "map@50", "precision@h<=2", "precision@10"} <= set(found)
    assert {name: row[name] for name in found} == pytest.approx(found)


def test_hashnet_sharpens_and_says_so(tmp_path):
    folder = train(options(tmp_path, epochs=3, sharpen=0.5))
    scales = [line["scale"] for line in lines(folder, "epoch")]
    assert scales == pytest.approx([math.sqrt(1 + 0.5 * 4 * done) for done in range(3)])
    assert weights(folder)["head.scale"] == pytest.approx(scales[-1])


def test_other_methods_do_not(tmp_path):
    folder = train(options(tmp_path, method="dch", sharpen=0.5))
    assert [line["scale"] for line in lines(folder, "epoch")] == [1.0, 1.0]


@pytest.mark.parametrize(("lr", "told"), [(1e-6, True), (3e-3, False)])
def test_codes_no_better_than_untrained_ones_are_told(tmp_path, known_classes, caplog, lr, told):
    folder = train(options(tmp_path, lr=lr, epochs=4, epoch_steps=20))
    rows = {line["row"]: line["map@all"] for line in lines(folder, "scores")}
    assert (rows["last"] <= max(rows[row] for row in ("itq", "lsh", "pca"))) == told
    assert any("which is not trained" in line for line in caplog.messages) == told


@pytest.mark.parametrize("method", ["hashnet", "triplet", "cnnh"])
def test_more_epochs_go_on_from_the_last(tmp_path, method):
    train(options(tmp_path, method=method, epochs=1, sharpen=0.5))
    folder = train(options(tmp_path, method=method, epochs=2, sharpen=0.5))
    whole = train(options(tmp_path, method=method, epochs=2, sharpen=0.5, name="whole"))
    found, wanted = weights(folder), weights(whole)
    for name in wanted:
        np.testing.assert_array_equal(found[name], wanted[name])
    assert [line["scale"] for line in lines(folder, "epoch")] == [line["scale"] for line in lines(whole, "epoch")]


def test_images_held_out_choose_the_best_checkpoint(tmp_path, known_classes):
    folder = train(options(tmp_path, epochs=3, validation=0.2))
    scores = {line["epoch"]: line["validation map@all"] for line in lines(folder, "epoch")}
    best = json.loads((folder / "best" / "state.json").read_text())
    assert best["validation map@all"] == max(scores.values()) == scores[best["epoch"]]
    assert [line["row"] for line in lines(folder, "scores")][-2:] == ["last", "best"]


def test_training_images_in_the_gallery_are_scored_with_and_without(tmp_path, known_classes):
    folder = train(options(tmp_path))
    vectors = vectors_file.load(folder / "vectors.h5")
    trained = vectors.gallery_trained
    assert trained.sum() == 100 and (trained[:100] == 1).all()
    row = lines(folder, "scores")[-1]
    rest = replace(
        vectors,
        gallery=vectors.gallery[100:],
        gallery_labels=vectors.gallery_labels[100:],
        gallery_paths=vectors.gallery_paths[100:],
        gallery_trained=None,
        neighbors=None,
        distances=None,
    )
    assert row["map@all untrained"] == pytest.approx(evaluate(rest)["map@all"])


def test_a_leak_is_told_before_training(tmp_path, known_classes, monkeypatch, caplog):
    caplog.set_level("INFO")
    images = known_classes.images.copy()
    images[known_classes.query[:3]] = images[known_classes.train[:3]]
    leaking = replace(known_classes, images=images)
    monkeypatch.setattr(build.image_source, "load", lambda *_, **__: leaking)
    folder = train(options(tmp_path, epochs=1))
    told = [record.getMessage() for record in caplog.records]
    leak = next(
        i
        for i, line in enumerate(told)
        if line.startswith("3 of 40 queries have a copy under another name in the gallery, such as")
    )
    assert leak < next(i for i, line in enumerate(told) if line.startswith("epoch 1"))
    assert lines(folder, "overlap")[0]["leaks"] == 2  # of queries with the gallery, and with the train part


def test_several_labels_an_image(tmp_path, known_classes, monkeypatch, caplog):
    caplog.set_level("INFO")
    concepts = np.random.default_rng(0).random((len(known_classes), 6)) < 0.3
    several = replace(known_classes, labels=concepts, class_names=tuple("abcdef"))
    monkeypatch.setattr(build.image_source, "load", lambda *_, **__: several)
    folder = train(options(tmp_path, batch_k=None, epochs=1))
    vectors = vectors_file.load(folder / "vectors.h5")
    np.testing.assert_array_equal(vectors.gallery_labels, concepts[known_classes.gallery])
    assert 0 < lines(folder, "scores")[-1]["map@all"] < 1
    assert "100 images of 6 concepts in batches of 20 at random" in caplog.text
    lonely = (~(concepts[known_classes.query] @ concepts[known_classes.gallery].T).any(axis=1)).sum()
    assert lonely and f"queries with nothing to find {lonely}, " in caplog.text
    with pytest.raises(InputError, match="--batch-k=4: images with several labels have no class"):
        train(options(tmp_path, name="other"))


def test_a_head_trains_on_features_that_are_kept(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = train(options(tmp_path, cache_features=True, epochs=1, hidden=8))
    assert len(list((tmp_path / "data" / "features").glob("digits-convnet-*.npy"))) == 1
    net, stored = build.trained_network(folder, "best", [nd.zeros(1).context])
    assert stored.hidden == 8
    assert net(nd.zeros((1, 32, 32, 3), dtype="uint8")).shape == (1, 16)


def test_a_folder_without_a_hashing_network(tmp_path):
    assert not build.is_hashing_run(tmp_path)
    with pytest.raises(InputError, match="holds no trained network 'best'"):
        build.trained_network(tmp_path, "best", [])


@pytest.mark.parametrize(("size", "words"), [(1, "--batch-size=1: a batch of 1 images")])
def test_batches_that_cannot_be_dealt(tmp_path, known_classes, size, words):
    with pytest.raises(InputError, match=words):
        train(options(tmp_path, batch_size=size, batch_k=1))


@pytest.mark.parametrize(
    ("labels", "words"),
    [(np.zeros(1797, np.int64), "all images are of one class"), (np.zeros((1797, 10), bool), "no image has a label")],
)
def test_a_train_part_that_teaches_nothing(tmp_path, known_classes, monkeypatch, labels, words):
    alike = replace(known_classes, labels=labels)
    monkeypatch.setattr(build.image_source, "load", lambda *_, **__: alike)
    with pytest.raises(InputError, match=f"in its train part {words}"):
        train(options(tmp_path, batch_k=1))


def test_that_cameras_count_is_told(tmp_path, known_classes, monkeypatch, caplog):
    filmed = replace(known_classes, cameras=np.zeros(len(known_classes), np.int64))
    monkeypatch.setattr(build.image_source, "load", lambda *_, **__: filmed)
    build.image_set(options(tmp_path))
    assert "without its rule of cameras" in caplog.text


def test_a_setting_that_a_method_does_not_have(tmp_path):
    with pytest.raises(InputError, match="--gamma=20.0: hashnet has no such setting; leave it out"):
        train(options(tmp_path, gamma=20.0))


def test_random_weights_classes_and_a_run_that_is_whole_are_told(tmp_path, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setattr(backbone, "SMALL", ())  # a convnet is quick, and large for once
    train(options(tmp_path, epochs=1, batch_size=40))
    assert "10 classes: 5 train, 5 test" in caplog.messages
    assert any(line.startswith("convnet starts from random weights") for line in caplog.messages)
    assert any(line.startswith("--batch-size=40 asks for 10 classes of 4 images") for line in caplog.messages)
    caplog.clear()
    train(options(tmp_path, epochs=1, batch_size=40))
    assert "already trained for 1 epoch" in caplog.messages and "random weights" not in caplog.text


def test_of_images_held_out_no_classes_are_told(known_classes, tmp_path, caplog):
    caplog.set_level("INFO")
    train(options(tmp_path, epochs=1, validation=0.3))
    assert "10 classes: 10 train, 10 test" in caplog.messages
