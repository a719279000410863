"""A whole run on a few outlines: its rows and files, going on, and what it refuses."""

import json
from dataclasses import replace

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.stored import vectors_file
from embedding.mx import nd
from embedding.sketches.options import SketchOptions
from embedding.sketches.train import train

PARTS = ("seen map@all", "seen map@all untrained", "seen precision@100", "unseen map@all", "unseen precision@200")


def options(folder, **changes) -> SketchOptions:
    small = {"batch_size": 8, "batch_k": 2, "epoch_steps": 3, "epochs": 2, "lr": 1e-3, "embed_dim": 16}
    return SketchOptions(**{**small, "runs": folder, "report": False, "validation": 0.25, **changes})


def lines(folder, kind):
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line for line in found if line["kind"] == kind]


def weights(folder):
    return {name: array.asnumpy() for name, array in nd.load(str(folder / "last" / "net.params")).items()}


def test_a_run_leaves_all_it_promises(few, tmp_path):
    folder = train(options(tmp_path, report=True, share="none"))
    assert folder == tmp_path / "outlines-triplet"
    rows = lines(folder, "scores")
    assert [row["row"] for row in rows] == ["untrained trunk", "last", "best"]
    assert all(set(PARTS) <= set(row) for row in rows)
    assert all(0 <= line["validation map"] <= 1 for line in lines(folder, "epoch"))
    page = (folder / "report" / "index.html").read_text()
    assert "unseen classes" in page and page.count("U+") >= 4
    vectors = vectors_file.load(folder / "vectors.h5")
    assert vectors.dim == 16 and len(vectors.queries) == len(few.query) and len(vectors.gallery) == len(few.gallery)


def test_going_on_gives_the_weights_of_never_having_stopped(few, tmp_path):
    whole = train(options(tmp_path / "a", validation=0.0))
    train(options(tmp_path / "b", validation=0.0, epochs=1))
    parted = train(options(tmp_path / "b", validation=0.0))
    for name, array in weights(whole).items():
        assert np.allclose(array, weights(parted)[name], atol=1e-5), name


def test_cached_features_train_the_heads_alone(few, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = train(options(tmp_path, cache_features=True, share="none"))
    found = weights(folder)
    trunks = [name for name in found if "encoder.trunk" in name and name.startswith("sketches")]
    assert all(np.array_equal(found[name], found[name.replace("sketches", "photographs", 1)]) for name in trunks)
    assert not np.array_equal(found["sketches.head.linear.weight"], found["photographs.head.linear.weight"])


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"share": "head"}, "unknown --share 'head'"),
        ({"data": "glyphs"}, "--data=glyphs: has no sketches that ask photographs"),
        ({"loss": "tripletts"}, "unknown loss 'tripletts'"),
        ({"scale": 3.0}, "--scale=3.0: triplet has no such setting"),
        ({"batch_size": 9}, "--batch-size=9 --batch-k=2"),
        ({"kvstore": "dist_sync"}, "--kvstore=dist_sync: trains in one process"),
    ],
)
def test_what_cannot_be_is_refused(few, tmp_path, changes, complaint):
    with pytest.raises(InputError, match=complaint):
        train(replace(options(tmp_path), **changes))
