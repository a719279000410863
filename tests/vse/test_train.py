"""A whole image-text run: what it leaves, which checkpoint is best, going on, every loss, and what it refuses."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.sources.image_source import DATA
from datasets.stored import vectors_file
from embedding.mx import contexts, nd
from embedding.network import backbone
from vse import build, losses
from vse.evaluation import judge
from vse.network.vocab import Vocabulary
from vse.train import train


def lines(folder, kind):
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line for line in found if line["kind"] == kind]


def weights(folder, part="last"):
    return {name: array.asnumpy() for name, array in nd.load(str(folder / part / "net.params")).items()}


def test_a_run_leaves_all_it_promises(small, features):
    folder = train(small(data="tiny_precomp", data_path=features))
    assert folder.name == "tiny_precomp-max_hinge"
    present = {path.name for path in folder.iterdir()} - {"lock"}
    assert present == {"options.json", "log.txt", "metrics.jsonl", "vocabulary.json", "last", "best", "vectors.h5"}
    stored = json.loads((folder / "options.json").read_text())
    assert (stored["data"], stored["loss"], stored["img_dim"], stored["finetune"]) == (
        "tiny_precomp",
        "max_hinge",
        5,
        False,
    )
    vectors = vectors_file.load(folder / "vectors.h5")
    assert (vectors.metric, vectors.gallery.shape, vectors.queries.shape) == ("inner_product", (8, 16), (40, 16))


def test_captions_find_their_pictures(small, features):
    folder = train(small(data="tiny_precomp", data_path=features, epochs=12, loss="sum_hinge"))
    (test,) = [line for line in lines(folder, "scores") if line["row"] == "test"]
    # By chance 313; not 600, as a kind comes three times in training, each time the others' negative.
    assert test["rsum"] > 500


def test_the_best_checkpoint_is_that_of_the_highest_rsum_on_dev(small, features, monkeypatch):
    rsums = iter([10.0, 30.0, 20.0])
    real = judge.PairJudge.scores
    parts = []

    def scores(self, pairs):
        found = real(self, pairs)
        return found | {"rsum": next(rsums, found["rsum"])}

    def pairs(self, part, real=judge.PairJudge.pairs):
        parts.append(part)
        return real(self, part)

    monkeypatch.setattr(judge.PairJudge, "scores", scores)
    monkeypatch.setattr(judge.PairJudge, "pairs", pairs)
    folder = train(small(data="tiny_precomp", data_path=features, epochs=3))
    assert json.loads((folder / "best" / "state.json").read_text())["epoch"] == 2
    assert parts == ["dev"] * 4 + ["test"]  # the test part is looked at once
    assert [line["validation rsum"] for line in lines(folder, "epoch")] == [10.0, 30.0, 20.0]
    assert {"i2t r@1", "t2i medr"} <= set(lines(folder, "epoch")[0])


def test_more_epochs_go_on_from_the_last(small, features):
    how = {"data": "tiny_precomp", "data_path": features, "cosine": False, "dropout": 0.3, "word_dropout": 0.2}
    whole = train(small(**how, epochs=3, name="whole"))
    train(small(**how, epochs=1, name="parts"))
    parts = train(small(**how, epochs=3, name="parts"))
    wanted = weights(whole)
    for name, array in weights(parts).items():
        np.testing.assert_array_equal(array, wanted[name], err_msg=name)


@pytest.mark.parametrize("loss", losses.names())
def test_every_loss_trains(small, features, loss):
    folder = train(small(data="tiny_precomp", data_path=features, loss=loss, epochs=2))
    first, last = (line["loss"] for line in lines(folder, "epoch"))
    assert np.isfinite(last) and (loss == "max_hinge" or last < first)


@pytest.mark.parametrize("finetune", [False, True])
def test_pictures_train_frozen_or_not(small, pictures, finetune, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = small(data="flickr8k", data_path=pictures, finetune=finetune, epochs=1)
    folder = train(options)
    kept = list((DATA / "features").glob("*.npy"))
    assert len(kept) == (not finetune)
    start = weights(folder)
    train(replace(options, epochs=2))
    moved = {name for name, array in weights(folder).items() if (array != start[name]).any()}
    assert any(name.startswith("encoder.trunk") for name in moved) == finetune
    assert "towers.images.linear.weight" in moved and "towers.images.mean" not in moved


def test_features_are_extracted_once(small, pictures, tmp_path, monkeypatch, caplog):
    monkeypatch.chdir(tmp_path)
    caplog.set_level("INFO")
    for name in ("one", "two"):
        train(small(data="flickr8k", data_path=pictures, name=name, epochs=1, finetune=False, flip=True))
    assert sum("extracting features" in record.message for record in caplog.records) == 2  # and of mirror images
    first, second = (weights(tmp_path / "runs" / name) for name in ("one", "two"))
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


def test_no_word_of_a_test_caption_enters_the_vocabulary(small, pictures):
    file = pictures / "dataset_flickr8k.json"
    content = json.loads(file.read_text())
    for image in content["images"]:
        planted = {"train": "seen", "val": "planteddev", "test": "plantedtest"}[image["split"]]
        for sentence in image["sentences"]:
            sentence["raw"] += f" {planted} {planted} {planted} {planted}"
    file.write_text(json.dumps(content))
    folder = train(small(data="flickr8k", data_path=pictures, epochs=1))
    words = Vocabulary.load(folder / "vocabulary.json").words
    assert "seen" in words and "planteddev" not in words and "plantedtest" not in words


def test_a_vocabulary_can_be_given(small, features, tmp_path):
    first = train(small(data="tiny_precomp", data_path=features, threshold=1, epochs=1, name="first"))
    given = first / "vocabulary.json"
    second = train(small(data="tiny_precomp", data_path=features, vocab=given, epochs=1, name="second"))
    assert (second / "vocabulary.json").read_text() == given.read_text()


def test_fine_tuning_starts_from_a_run(small, pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = train(small(data="flickr8k", data_path=pictures, epochs=1, finetune=False, name="frozen"))
    again = small(data="flickr8k", data_path=pictures, epochs=1, finetune=True, start=first, name="tuned", lr=1e-9)
    tuned = weights(train(again))
    for name, array in weights(first, "best").items():
        if "running" not in name:
            np.testing.assert_allclose(tuned[name], array, atol=1e-6, err_msg=name)


def test_five_folds_are_scored_where_there_are_five_thousand_images(small, features, monkeypatch):
    monkeypatch.setattr(judge, "FOLDED", 8)
    monkeypatch.setattr(judge, "FOLDS", 2)
    folder = train(small(data="tiny_precomp", data_path=features))
    assert [line["row"] for line in lines(folder, "scores")] == ["dev", "test", "test, mean of five folds"]


def test_all_test_images_of_precomputed_features_and_a_name_as_the_reference_gives_it(small, features, tmp_path):
    for kind in ("ims.npy", "caps.txt"):
        shutil.copy(features / "tiny_precomp" / f"train_{kind}", features / "tiny_precomp" / f"testall_{kind}")
    options = small(data="tiny_precomp", data_path=features, testall=True, epochs=1, name=f"{tmp_path / 'runs'}/it")
    folder = train(options)
    assert folder == tmp_path / "runs" / "it"
    assert len(vectors_file.load(folder / "vectors.h5").gallery) == 24


def test_what_was_trained_embeds_as_it_did_when_it_was_judged(small, pictures, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = small(data="flickr8k", data_path=pictures, finetune=False, flip=True)
    folder = train(options)
    trained = build.trained(folder, "best", contexts(""))
    vectors = vectors_file.load(folder / "vectors.h5")
    captions = build.caption_set(options)
    found = trained.embedder.images(captions.as_images(), captions.test)
    np.testing.assert_allclose(found, vectors.gallery, atol=1e-5)
    np.testing.assert_allclose(trained.embedder.sentences(vectors.query_paths), vectors.queries, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"restval": True}, "--restval: tiny_precomp has no such images"),
        ({"testall": True}, "testall_"),
        ({"testall": True, "data": "scenes", "data_path": None}, "--testall: scenes has no such images"),
        ({"img_dim": 7}, "--img-dim=7: tiny_precomp has features of 5 numbers"),
        ({"loss": "triplet"}, "unknown loss 'triplet'"),
        ({"margin": 0.1, "loss": "instance", "warm_up": 0.5}, "warm"),
        ({"loss": "sum_hinge", "warm_up": 2}, "--warm-up=2: sum_hinge has no such setting"),
        ({"loss": "order", "max_violation": True}, "--max-violation and --loss=order"),
        ({"dropout": 1.0}, "--dropout=1.0: must lie between 0 and 1"),
        ({"kvstore": "dist_sync"}, "--kvstore=dist_sync"),
        ({"batch_k": 2}, "--batch-k: has no place"),
        ({"clip": 1.0}, "--clip: has no place in image-text embedding"),
        ({"word_dim": 0}, "--word-dim=0: must be above 0"),
        ({"grad_clip": -1.0}, "--grad-clip=-1.0: must be 0 or above"),
        ({"lr_update": 0}, "--lr-update=0: must be above 0"),
        ({"data": "nothing"}, "unknown dataset 'nothing'"),
    ],
)
def test_what_cannot_be_is_told(small, features, changes, words):
    how = {"data": "tiny_precomp", "data_path": features} | changes
    with pytest.raises(InputError) as told:
        train(small(**how))
    assert words in str(told.value)


def test_a_run_of_another_kind_is_told(tmp_path):
    folder = tmp_path / "margin"
    folder.mkdir()
    (folder / "options.json").write_text(json.dumps({"embed_dim": 128}))
    for place, words in ((folder, "knows no sentences"), (tmp_path / "none", "No such file")):
        with pytest.raises(InputError, match=f"is no run of train_vse.py .*{words}"):
            build.trained(place, "best", [])


def test_random_weights_that_learn_and_a_run_that_is_whole_are_told(small, pictures, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setattr(backbone, "SMALL", ())  # a small network is quick, and large for once
    asked = small(data="flickr8k", data_path=pictures, finetune=True, epochs=1)
    train(asked)
    assert "starts from random weights: photographs want pretrained ones" in caplog.text
    caplog.clear()
    train(asked)
    assert "already trained for 1 epoch" in caplog.messages and "random weights" not in caplog.text


def test_a_run_from_before_captions_were_parted_in_several_ways_goes_on(small, features):
    folder = train(small(data="tiny_precomp", data_path=features, epochs=1))
    options, words = folder / "options.json", folder / "vocabulary.json"
    told = json.loads(options.read_text())
    options.write_text(json.dumps({name: told[name] for name in told if name not in ("split_words", "max_words")}))
    words.write_text(json.dumps(json.loads(words.read_text())["words"]))
    assert train(small(data="tiny_precomp", data_path=features, epochs=2)) == folder
    assert len(lines(folder, "epoch")) == 2
