"""Vehicles: batch-hard triplets train on small trees in the true layouts, judged by the protocol of each set."""

import json

import numpy as np
import pytest
from image_trees import WRITE
from PIL import Image

from datasets.images import vehicleid, veri776
from datasets.stored import vectors_file


def painter(rng):
    """Writes a picture whose colour is that of its vehicle, the first four digits of its name."""

    def paint(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        colour = np.random.default_rng(int(path.name[:4])).integers(40, 215, 3)
        pixels = colour + rng.integers(-20, 20, (32, 32, 3))
        Image.fromarray(pixels.astype(np.uint8)).save(path)

    return paint


@pytest.mark.parametrize("name", ["veri776", "vehicleid-1600"])
def test_batch_hard_trains_and_is_judged(run, tmp_path, monkeypatch, name):
    module = veri776 if name == "veri776" else vehicleid
    monkeypatch.setattr(module, "COUNTS", {})
    getattr(WRITE, module.__name__.split(".")[-1])(tmp_path / "set", painter(np.random.default_rng(0)))
    flags = ["--model=convnet", "--image-size=32", "--epochs=1", "--epoch-steps=2", "--batch-size=4", "--batch-k=2"]
    where = [f"--data={name}", f"--data-path={tmp_path / 'set'}", f"--runs={tmp_path}", "--name=it"]
    done = run("train_triplet.py", *where, *flags, "--test-k=1", "--no-report", "--validation=0")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in (tmp_path / "it" / "metrics.jsonl").read_text().splitlines()]
    last = [line for line in lines if line["kind"] == "scores"][-1]
    assert last["data"] == name and 0 < last["recall@1"] <= 1 and 0 < last["map"] <= 1
    vectors = vectors_file.load(tmp_path / "it" / "vectors.h5")
    assert vectors.attrs.get("draws", 0) == (0 if name == "veri776" else 10)
    assert (vectors.query_cameras is not None) == (name == "veri776")


def test_the_recipe_of_vehicles_is_for_every_test_list(run, tmp_path, monkeypatch):
    monkeypatch.setattr(vehicleid, "COUNTS", {})
    WRITE.vehicleid(tmp_path / "set")
    for data in ("vehicleid", "vehicleid-2400"):
        done = run("train_triplet.py", "--recipe=paper", f"--data={data}", f"--data-path={tmp_path}/gone")
        assert done.returncode == 2 and "gone" in done.stderr and "no published settings" not in done.stderr
