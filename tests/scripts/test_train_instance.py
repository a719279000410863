"""The training command of instance retrieval, from the command line to its run folder, and its mistakes."""

import json

import cv2
import instance_trees
import numpy as np
import pytest

from embedding.evaluation.whiten import Whitening

SMALL = ("--data=digits", "--epochs=1", "-qs=12", "-ps=40", "-nn=2", "-b=4", "--validation=0.5", "--workers=1")


@pytest.fixture
def train(run):
    """``train(*flags)`` runs the command, or another ``script``."""
    return lambda *flags, script="train_instance.py": run(script, *map(str, flags))


def lines(folder, kind):
    found = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [line for line in found if line["kind"] == kind]


@pytest.fixture
def photographs(tmp_path):
    """Six instances in two parts, upright and lying, of which one cannot be read; and two distractors."""
    rng, rows = np.random.default_rng(0), []
    for part, names in (("shelf", "abcd"), ("street", "wxyz")):
        for name in names:
            colour = rng.integers(0, 255, 3)
            for k, role in enumerate(("query", "reference", "reference")):
                path = tmp_path / f"{part}-{name}-{k}.png"
                picture = np.full(((48, 36), (36, 48), (40, 40))[k] + (3,), colour, np.uint8)
                cv2.imwrite(str(path), picture + rng.integers(0, 3, picture.shape, np.uint8))
                rows.append(f"{path.name},{part},{name},{role}")
    (tmp_path / "shelf-a-2.png").write_bytes(b"no picture")
    file = tmp_path / "images.csv"
    file.write_text("\n".join(["path,set,instance,role", *rows]) + "\n")
    return file


@pytest.mark.slow
def test_the_first_word_is_the_run_folder(train, tmp_path):
    done = train(tmp_path / "mine", *SMALL, "--test-whiten=train", "-w", "--embed-dim=16", "--test-freq=1")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "mine"
    rows = [line["row"] for line in lines(folder, "scores")]
    assert rows == [f"{row}{more}" for row in ("untrained", "last", "best") for more in ("", ", whitened")]
    (epoch,) = lines(folder, "epoch")
    assert {"loss", "validation mAP", "mAP", "recall@1"} <= set(epoch)
    assert Whitening.load(folder / "whitening" / "digits-ss.npz").mean.shape == (16,)
    again = train(tmp_path / "mine", *SMALL, "--test-whiten=train", "-w", "--embed-dim=16", "--test-freq=1")
    assert "already trained for 1 epoch" in again.stdout


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["triplet", "lifted"])
def test_photographs_at_their_own_size_are_trained_on_by_part(train, photographs, tmp_path, loss):
    how = ("--data=instances", f"--data-path={photographs}", "--train-parts=shelf", "--test-parts=street")
    small = ("--model=convnet", "--image-size=32", "-nn=2", "-b=2", f"--loss={loss}", "--validation=0", "--epochs=1")
    done = train(tmp_path / "mine", *how, *small)
    assert done.returncode == 0, done.stderr
    assert "skipped 1 of 24 pictures" in done.stdout
    untrained, trained = lines(tmp_path / "mine", "scores")
    assert set(untrained) == set(trained) == {"kind", "row", "data", "street mAP", "street recall@1"}
    out = tmp_path / "vectors.h5"
    done = train(f"--run={tmp_path / 'mine'}", f"--data-path={tmp_path}", f"--out={out}", script="extract.py")
    assert done.returncode == 0, done.stderr
    assert out.exists()


@pytest.mark.slow
def test_netvlad_starts_from_centres(train, tmp_path):
    done = train(tmp_path / "mine", *SMALL, "--pool=netvlad", "--loss=triplet")
    assert done.returncode == 0, done.stderr


def test_the_reference_s_command_is_understood(train, tmp_path):
    instance_trees.write_sfm120k(tmp_path / "data")
    instance_trees.write_instances(tmp_path / "things")
    pictures = [path for root in ("data", "things") for path in (tmp_path / root).rglob("*") if path.is_file()]
    rng = np.random.default_rng(0)
    for path in pictures:
        if path.suffix not in (".pkl", ".csv"):
            picture = rng.integers(0, 255, (48, 64, 3), np.uint8)
            path.write_bytes(cv2.imencode(".jpg", picture)[1].tobytes())
    words = (
        "-d retrieval-SfM-120k -td instances --test-whiten retrieval-SfM-120k -a convnet -p gem -l contrastive -lm 0.85"
    )
    words += " -nn 1 -qs 3 -ps 4 -b 2 -g= -j 1 --epochs 1 -o adam --lr 1e-3 --weight-decay 1e-6 --print-freq 1"
    words += " --image-size 64 --not-pretrained --resume model.pth.tar"
    places = ("--data-path", tmp_path / "data", "--test-path", tmp_path / "things")
    done = train(tmp_path / "export", *words.split(), *places)
    assert done.returncode == 0, done.stderr
    rows = lines(tmp_path / "export", "scores")
    assert [row["row"] for row in rows][-2:] == ["best", "best, whitened"]
    assert {row["data"] for row in rows} == {"things"}
    (epoch,) = lines(tmp_path / "export", "epoch")
    assert "validation mAP" in epoch  # on val of the set
    assert Whitening.load(tmp_path / "export" / "whitening" / "sfm120k-ss.npz").learned_on.startswith("sfm120k-whiten")


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--data=nothing"], "unknown dataset 'nothing'"),
        (["--data=digits", "--pool=best"], "unknown pooling 'best'"),
        (["--data=digits", "--train-parts=books"], "has no part 'books'"),
        (["--data=digits", "-nn=40"], "--neg-num=40"),
        (["--recipe=paper"], "unknown recipe 'paper'"),
        (["--data=digits", "--test-datasets=nothing"], "unknown dataset 'nothing'"),
        (["--data=digits", "-g=0,1"], "one device"),
        (["--data=digits", "--arch=resnet"], "unknown model"),
        (
            ["--data=digits", "--resume=other/run/model_best.pth.tar"],
            "--resume=other/run/model_best.pth.tar: a run goes",
        ),
    ],
)
def test_a_mistake_is_one_line(train, tmp_path, flags, told):
    done = train(*flags, f"--runs={tmp_path}", "--epochs=1")
    assert done.returncode == 2, done.stderr
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
