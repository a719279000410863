"""A whole run on digits: rows, files, going on, and the options it refuses."""

import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from datasets import images as image_sets
from datasets.errors import InputError, RunFailed
from datasets.stored import vectors_file
from embedding import train as training
from embedding.batches.holdout import hold_out_classes
from embedding.evaluation.scores import evaluate
from embedding.losses.margin import MarginLoss
from embedding.mx import nd
from embedding.network import backbone
from embedding.options import TrainOptions
from embedding.train import better_untrained, train


def options(folder, **changes) -> TrainOptions:
    small = {
        "data": "digits",
        "batch_size": 12,
        "batch_k": 4,
        "epoch_steps": 4,
        "epochs": 2,
        "lr": 1e-3,
        "embed_dim": 16,
    }
    return TrainOptions(**{**small, "runs": folder, "report": False, "validation": 0.5, **changes})


def run(given: TrainOptions):
    return train(
        given,
        lambda classes: MarginLoss(classes=classes, dim=given.embed_dim, batch_k=given.batch_k),
        loss_name="margin",
    )


def lines(folder, kind: str) -> list[dict]:
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line for line in found if line["kind"] == kind]


def test_a_run_leaves_all_it_promises(tmp_path):
    folder = run(options(tmp_path, use_viz=True, save_model_prefix="digits"))
    assert folder == tmp_path / "digits-margin"
    present = {path.name for path in folder.iterdir()}
    assert present - {"lock"} == {
        "options.json",
        "log.txt",
        "metrics.jsonl",
        "last",
        "best",
        "vectors.h5",
        "digits.params",
        "tensorboard",
    }
    assert [line["row"] for line in lines(folder, "scores")] == ["trunk features at 28 px", "untrained", "last", "best"]
    assert [line["epoch"] for line in lines(folder, "epoch")] == [1, 2]
    stored = json.loads((folder / "options.json").read_text())
    assert stored["seed"] == 123
    assert stored["fingerprint"] == image_sets.get("digits").load(None).fingerprint()
    assert "numpy" in stored["versions"]


def test_tensorboard_takes_the_names_of_scores_as_they_are_given(tmp_path, caplog):
    caplog.set_level("INFO")
    run(options(tmp_path, epochs=1, use_viz=True))
    (events,) = (tmp_path / "digits-margin" / "tensorboard").iterdir()
    assert b"validation_recall_at_1" in events.read_bytes()
    assert "illegal" not in caplog.text


def test_the_vectors_file_gives_the_scores_of_the_best_row(tmp_path):
    folder = run(options(tmp_path))
    vectors = vectors_file.load(folder / "vectors.h5")
    best = lines(folder, "scores")[-1]
    found = evaluate(vectors.query_embeddings, None)
    assert {name: best[name] for name in found} == pytest.approx(found)
    np.testing.assert_allclose(np.linalg.norm(vectors.gallery, axis=1), 1, rtol=1e-5)


def test_more_epochs_go_on_from_the_last(tmp_path):
    run(options(tmp_path, epochs=1))
    folder = run(options(tmp_path, epochs=2))
    whole = run(options(tmp_path, epochs=2, name="whole"))
    for part in ("last", "best"):
        found, wanted = (nd.load(str(path / part / "net.params")) for path in (folder, whole))
        for name, array in wanted.items():
            np.testing.assert_array_equal(found[name].asnumpy(), array.asnumpy())
    assert len(lines(folder, "epoch")) == 2


def test_the_best_checkpoint_has_the_highest_validation_recall(tmp_path):
    folder = run(options(tmp_path, epochs=4))
    scores = {line["epoch"]: line["validation recall@1"] for line in lines(folder, "epoch")}
    best = json.loads((folder / "best" / "state.json").read_text())
    assert best["validation recall@1"] == max(scores.values()) == scores[best["epoch"]]


def test_without_validation_the_last_epoch_is_the_best(tmp_path):
    folder = run(options(tmp_path, validation=0))
    assert json.loads((folder / "best" / "state.json").read_text())["epoch"] == 2


def test_frozen_batch_norm_of_a_trunk_without_weights_is_told(tmp_path, caplog):
    run(options(tmp_path, freeze_bn=True, epochs=1))
    assert "--freeze-bn without --use-pretrained" in caplog.text


def test_a_diverging_run_says_what_it_keeps(tmp_path):
    run(options(tmp_path, epochs=1, steps="9"))
    folder = tmp_path / "digits-margin"
    kept = (folder / "last" / "net.params").read_bytes()
    stored = json.loads((folder / "options.json").read_text())
    (folder / "options.json").write_text(json.dumps({**stored, "lr": 1e30}))
    with pytest.raises(RunFailed, match="epoch 1 is kept in .*last; try again with a lower --lr"):
        run(options(tmp_path, epochs=4, steps="9", lr=1e30))
    assert (folder / "last" / "net.params").read_bytes() == kept


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_held_out_classes_are_training_classes_that_are_not_trained_on(share):
    images = image_sets.get("glyphs").load(None)
    training = hold_out_classes(images, share, seed=1)
    kept, held = (set(images.labels[rows]) for rows in (training.train, training.query))
    assert not kept & held
    assert kept | held == set(images.labels[images.train])
    assert len(held) == round(share * len(kept | held))
    assert training.leave_one_out


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"data": "digit"}, "unknown dataset 'digit': did you mean digits"),
        ({"batch_size": 13}, "--batch-size=13"),
        ({"batch_k": 1}, "--batch-k=1"),
        ({"validation": 1.5}, "--validation=1.5"),
        ({"test_k": "1,x"}, "--test-k=1,x"),
        ({"steps": "3;4"}, "--steps=3;4"),
        ({"model": "resnet51_v1b"}, "resnet50_v1b"),
        ({"pool": "average"}, "avg"),
        ({"use_pretrained": "nowhere.pth"}, "nowhere.pth"),
        ({"use_pretrained": "auto"}, "data/weights/convnet"),
        ({"optimizer": "adamm"}, "--optimizer=adamm"),
        ({"gpus": "x"}, "--gpus=x"),
        ({"resize": "squash"}, "--resize=squash"),
        ({"boxes": True}, "boxes"),
        ({"batch_k": 0}, "--batch-k=0"),
        ({"test_k": ""}, "--test-k="),
        ({"seed": -1}, "--seed=-1"),
        ({"lr": float("nan")}, "--lr=nan"),
        ({"validation": 1.0}, "--validation=1.0"),
        ({"kvstore": "bogus"}, "--kvstore=bogus"),
        ({"save_model_prefix": "a/b"}, "--save-model-prefix=a/b"),
        ({"model": "vgg16", "image_size": 16}, "--model=vgg16 cannot take images of 16 pixels"),
    ],
)
def test_mistakes_are_named(tmp_path, changes, line):
    with pytest.raises(InputError) as error:
        run(options(tmp_path, **changes))
    assert line in str(error.value)
    assert "\n" not in str(error.value)


def class_folders(root, parts) -> None:
    """Grey images that differ by class, in folders ``parts`` = {"train/a": 4, ...}."""
    for shade, (part, count) in enumerate(parts.items()):
        (root / part).mkdir(parents=True)
        for i in range(count):
            pixels = np.random.default_rng(i).integers(0, 60, (32, 32, 3)) + 20 * shade
            cv2.imwrite(str(root / part / f"{i}.png"), pixels.astype(np.uint8))


def on_folder(tmp_path, **changes) -> TrainOptions:
    small = {"data": "folder", "data_path": tmp_path / "data", "model": "convnet", "image_size": 32}
    return options(tmp_path, **{**small, "batch_size": 4, "batch_k": 2, "epochs": 1, **changes})


def test_one_training_class_is_refused(tmp_path):
    class_folders(tmp_path / "data", {"train/a": 4, "test/b": 3, "test/c": 3})
    with pytest.raises(InputError, match="one training class"):
        run(on_folder(tmp_path))


def test_no_classes_are_held_out_where_two_would_leave_fewer_than_two(tmp_path):
    class_folders(tmp_path / "data", {f"train/{c}": 3 for c in "abc"} | {"test/x": 3, "test/y": 3})
    folder = run(on_folder(tmp_path))
    assert "validation recall@1" not in lines(folder, "epoch")[0]


def test_classes_that_are_trained_and_tested_are_told(tmp_path, caplog):
    class_folders(tmp_path / "data", {f"{part}/{c}": 3 for part in ("train", "test") for c in "ab"})
    run(on_folder(tmp_path))
    assert "2 test classes of data are also trained on" in caplog.text


def test_an_image_that_trains_and_tests_is_told_and_a_class_with_one_image_does_neither(tmp_path, caplog):
    parts = {"train/a": 3, "train/b": 3, "train/lone": 1, "test/x": 3, "test/y": 3, "test/lonely": 1}
    class_folders(tmp_path / "data", parts)
    shutil.copy(tmp_path / "data" / "train" / "a" / "0.png", tmp_path / "data" / "test" / "x" / "leak.png")
    folder = run(on_folder(tmp_path))
    warned = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert any(
        line.startswith("1 of 7 queries has a copy under another name in the train part, such as") for line in warned
    )
    assert lines(folder, "overlap")[0]["leaks"] == 2
    vectors = vectors_file.load(folder / "vectors.h5")
    assert len(vectors.queries) == 7 and len(vectors.gallery) == 8
    assert "queries left out" not in lines(folder, "scores")[-1]


def test_an_unreadable_image_of_a_held_out_class_is_skipped_up_to_the_limit(tmp_path, caplog):
    class_folders(tmp_path / "data", {f"train/{c}": 4 for c in "abcdef"} | {"test/x": 3, "test/y": 3})
    training = hold_out_classes(image_sets.get("folder").load(tmp_path / "data"), 0.4, 123)
    broken = training.image_name(int(training.query[0]))
    with open(broken, "w") as file:
        file.write("text")
    with pytest.raises(InputError, match="1 of 30 pictures cannot be read, --max-bad=0 allows 0"):
        run(on_folder(tmp_path, validation=0.4, max_bad=0.0))
    folder = run(on_folder(tmp_path, validation=0.4, name="again"))
    assert "data: scores are of 7 of 8 queries: the others cannot be read" in caplog.messages
    assert f"skipped 1 of 30 pictures that cannot be read: {broken}" in caplog.messages[-1]
    assert (folder / "skipped.csv").read_text().splitlines()[1].startswith(broken)


def test_a_run_with_unreadable_images_goes_on_to_the_same_weights(tmp_path):
    class_folders(tmp_path / "data", {f"train/{c}": 6 for c in "abcd"} | {"test/x": 3, "test/y": 3})
    for c in "abcd":
        for i in (0, 3, 4):
            (tmp_path / "data" / "train" / c / f"{i}.png").write_text("text")
    given = {"validation": 0.0, "max_bad": 0.9}
    run(on_folder(tmp_path, **given))
    folder = run(on_folder(tmp_path, **given, epochs=2))
    whole = run(on_folder(tmp_path, **given, epochs=2, name="whole"))
    assert (folder / "skipped.csv").read_text() == (whole / "skipped.csv").read_text()
    found, wanted = (nd.load(str(path / "last" / "net.params")) for path in (folder, whole))
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name].asnumpy(), array.asnumpy())


def test_how_many_classes_train_choose_and_test_is_told_and_why_batches_are_small(tmp_path, caplog):
    caplog.set_level("INFO")
    class_folders(tmp_path / "data", {f"train/{c}": 4 for c in "abcde"} | {f"test/{c}": 3 for c in "xyz"})
    run(on_folder(tmp_path, validation=0.4, batch_size=12))
    assert "8 classes: 3 train, 2 choose the best checkpoint, 3 test" in caplog.messages
    small = "--batch-size=12 asks for 6 classes of 2 images; the set has 3 training classes, so batches hold 6 images"
    assert small in caplog.messages
    caplog.clear()
    run(on_folder(tmp_path, validation=0, batch_size=10, name="all"))
    assert "8 classes: 5 train, 3 test" in caplog.messages and "asks for" not in caplog.text


def test_a_missing_weights_file_is_all_that_is_told_of_a_run(tmp_path, caplog):
    caplog.set_level("INFO")
    with pytest.raises(InputError, match="nowhere.pth"):
        run(options(tmp_path, use_pretrained="nowhere.pth", batch_size=80))
    assert caplog.messages == []


def test_a_run_that_is_whole_does_not_go_on(tmp_path, caplog):
    caplog.set_level("INFO")
    run(options(tmp_path))
    before = (tmp_path / "digits-margin" / "metrics.jsonl").read_text()
    run(options(tmp_path))
    assert "already trained for 2 epochs" in caplog.messages and "going on" not in caplog.text
    assert (tmp_path / "digits-margin" / "metrics.jsonl").read_text() == before
    run(options(tmp_path, epochs=3))
    assert "going on after epoch 2" in caplog.messages


def test_a_large_trunk_without_weights_is_told_when_its_run_begins(tmp_path, caplog, monkeypatch):
    caplog.set_level("WARNING")
    run(options(tmp_path, epochs=1, name="small"))
    assert not caplog.messages
    monkeypatch.setattr(backbone, "SMALL", ())  # a convnet is quick, and large for once
    run(options(tmp_path, epochs=1))
    (line,) = caplog.messages
    assert line.startswith("convnet starts from random weights: photographs want") and "--model=convnet" in line
    run(options(tmp_path, epochs=2))
    assert caplog.messages == [line]  # when it goes on it has weights


def test_a_trunk_that_does_better_than_what_was_trained_is_told():
    rows = [{"row": "trunk features at 224 px", "recall@1": 0.75}, {"row": "best", "recall@1": 0.5}]
    given = TrainOptions(model="mobilenetv2_1.0", use_pretrained="m.pth", raw_size="224")
    said = "the trunk's own features do better than what was trained: recall@1 0.7500, best 0.5000"
    vectors = "--model=mobilenetv2_1.0 --use-pretrained=m.pth --data-path=FOLDER --out=vectors.h5 gives vectors of them"
    assert better_untrained(given, rows) == f"{said}; python scripts/extract.py {vectors}"
    unusual = replace(given, pool="gem", raw_size="96")
    assert "--use-pretrained=m.pth --pool=gem --image-size=96 --data-path" in better_untrained(unusual, rows)
    assert better_untrained(TrainOptions(), rows) == said
    assert better_untrained(given, rows[::-1]) == better_untrained(given, rows[:1] * 2) == ""
    assert better_untrained(given, [{"row": "best", "accuracy": 0.5}]) == ""


def test_the_end_of_a_run_tells_it(tmp_path, caplog, monkeypatch):
    caplog.set_level("INFO")
    monkeypatch.setattr(training, "better_untrained", lambda options, rows: f"{rows[0]['row']}, {rows[-1]['row']}")
    run(options(tmp_path, epochs=1))
    assert caplog.messages[-1] == "trunk features at 28 px, best"
