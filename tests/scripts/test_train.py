"""The training commands: each loss trains, reference commands are understood, recipes are defaults."""

import dataclasses
import importlib
import json
from pathlib import Path

import pytest

from embedding import recipes
from embedding.options import TrainOptions

SCRIPTS = Path(__file__).parents[2] / "scripts"

COMMANDS = {
    "train_margin.py": [[]],
    "train_npair.py": [[], ["--batch-k=4"], ["--adversarial"]],
    "train_triplet.py": [
        *([], ["--mining=semi-hard"], ["--no-unit", "--soft", "--warm-up=0"]),
        ["--adversarial", "--adv-warm-up=0", "--lambda-real=1"],
    ],
    "train_softmax.py": [[f"--loss={name}"] for name in ("softmax", "center", "asoftmax", "arcface", "cosface")],
    "train_pair.py": [
        *([f"--loss={name}"] for name in ("contrastive", "lifted", "multi_similarity")),
        *([f"--loss={name}", "--adversarial", "--lambda-2=3"] for name in ("contrastive", "lifted")),
    ],
}
SMALL = [
    *("--data=digits", "--batch-size=20", "--epoch-steps=2", "--epochs=1", "--embed-dim=16"),
    *("--no-report", "--validation=0.5"),
]


def stored(folder) -> dict:
    return json.loads((folder / "options.json").read_text())


@pytest.mark.parametrize(("command", "flags"), [(name, flags) for name in COMMANDS for flags in COMMANDS[name]])
def test_every_loss_trains_by_its_command(run, tmp_path, command, flags):
    done = run(command, *SMALL, *flags, "--name=it", f"--runs={tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in (tmp_path / "it" / "metrics.jsonl").read_text().splitlines()]
    assert [row["row"] for row in rows if row["kind"] == "scores"][-2:] == ["last", "best"]


@pytest.mark.parametrize(("last", "part"), [("train,,", "query"), ("test,True,False", "gallery")])
def test_a_set_with_nothing_to_test_on_is_told_in_one_line(run, tmp_path, last, part):
    rows = [f"{label},{label}{k}.png,{last if label == 'c' else 'train,,'}" for label in "abc" for k in range(2)]
    (tmp_path / "all.csv").write_text("\n".join(["label,path,split,is_query,is_gallery", *rows]))
    for name in (f"{label}{k}.png" for label in "abc" for k in range(2)):
        (tmp_path / name).touch()
    done = run("train_margin.py", "--data=folder", f"--data-path={tmp_path / 'all.csv'}", f"--runs={tmp_path / 'runs'}")
    assert done.returncode == 2 and f"dataset all: its {part} part is empty; name a set with images" in done.stderr
    assert len(done.stderr.splitlines()) == 1 and not (tmp_path / "runs").exists()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_reference_command_is_understood_up_to_what_this_machine_lacks(run, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "CUB_200_2011").mkdir(parents=True)
    (tmp_path / "data" / "CUB_200_2011" / "images.txt").touch()  # or it would be fetched
    flags = "--batch-k=5 --use_viz --epochs=30 --use_pretrained --steps=12,16,20,24 --name=CUB_200_2011"
    done = run(command, *flags.split(), "--save-model-prefix=cub200", f"--runs={tmp_path}")
    assert done.returncode == 2
    assert "--data=cub200" in done.stderr
    assert "CUB_200_2011" in done.stderr


def test_a_recipe_gives_what_is_not_said_and_what_is_said_stands(run, tmp_path):
    flags = ["--recipe=paper", "--data=cub200", "--data-path=nowhere", "--lr=0.5"]
    assert "nowhere" in run("train_margin.py", *flags, f"--runs={tmp_path}").stderr
    small = ["--recipe=paper", "--loss=asoftmax", "--lr=0.01", *SMALL, "--model=convnet", "--name=it"]
    assert run("train_softmax.py", *small, f"--runs={tmp_path}").returncode == 0
    found = stored(tmp_path / "it")
    assert (found["lr"], found["embed_dim"], found["epochs"]) == (0.01, 16, 1)  # said
    assert (found["optimizer"], found["wd"], found["lr_classes"]) == ("sgd", 5e-4, 0.1)  # of the recipe


@pytest.mark.parametrize(("loss", "data"), recipes.published())
def test_every_recipe_is_one_of_flags_of_its_command(monkeypatch, loss, data):
    monkeypatch.syspath_prepend(SCRIPTS)
    base = loss.removeprefix("adversarial_")
    others = "train_pair" if base in ("lifted", "contrastive") else "train_softmax"
    module = importlib.import_module(f"train_{base}" if f"train_{base}.py" in COMMANDS else others)
    kinds = [kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, TrainOptions)]
    options = next(kind for kind in kinds if kind.__module__ == module.__name__)
    said = {"adversarial": True} if base != loss else {}
    found = recipes.with_recipe(options(recipe="paper", data="sop" if data == recipes.ANY else data), loss)
    dataclasses.replace(found, **said).check()


@pytest.mark.parametrize(
    ("command", "flags", "words"),
    [
        ("train_softmax.py", ["--loss=sofmax"], ["--loss=sofmax", "arcface"]),
        ("train_softmax.py", ["--loss=softmax", "--margin=0.5"], ["--margin=0.5", "softmax"]),
        ("train_softmax.py", ["--loss=asoftmax", "--margin=1.5"], ["--margin=1.5", "whole"]),
        ("train_softmax.py", ["--scale=0"], ["--scale=0", "above 0"]),
        ("train_softmax.py", ["--margin=9", *SMALL], ["--margin=9", "radians"]),
        ("train_npair.py", ["--embed-dim=99999999999999"], ["--embed-dim=", "65,536 or less"]),
        ("train_triplet.py", ["--mining=soft"], ["--mining=soft", "semi-hard"]),
        ("train_triplet.py", ["--warm-up=-1"], ["--warm-up=-1"]),
        ("train_triplet.py", ["--soft", "--margin=0.5"], ["--margin=0.5", "--no-soft"]),
        ("train_pair.py", ["--loss=contrastive", "--neg-margin=0"], ["--neg-margin=0", "above 0"]),
        ("train_npair.py", ["--l2-reg=-1"], ["--l2-reg=-1"]),
        ("train_npair.py", ["--recipe=paper", "--data=digits"], ["--recipe=paper", "digits", "sop"]),
        ("train_pair.py", ["--loss=arcface"], ["--loss=arcface", "contrastive"]),
        ("train_pair.py", ["--adversarial"], ["--adversarial", "multi_similarity", "lifted"]),
        ("train_npair.py", ["--lambda-2=3"], ["--lambda-2=3", "add --adversarial"]),
        ("train_npair.py", ["--adversarial", "--lambda-1=-1"], ["--lambda-1=-1", "0 or above"]),
        ("train_triplet.py", ["--adversarial", "--lr-generator=0"], ["--lr-generator=0", "above 0"]),
        ("train_npair.py", ["--adversarial", "--recipe=paper"], ["glyphs", "cars196, cub200, sop"]),
        ("compare_losses.py", ["--losses=margin", "--adversarial"], ["margin has no such form", "npair"]),
        ("compare_losses.py", ["--losses=margin,margn"], ["'margn'", "margin"]),
        ("compare_losses.py", ["--seeds=one"], ["--seeds=one"]),
        ("train_pair.py", ["--epsilon=nan"], ["--epsilon=nan", "finite"]),
        ("compare_losses.py", ["--kvstore=dist_sync"], ["--kvstore=dist_sync", "leave it out"]),
        ("compare_losses.py", ["--seed=7"], ["--seed=7", "--seeds=7"]),
        ("compare_losses.py", ["--recipe=paper", "--data=cub200"], ["--recipe=paper", "leave it out"]),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, command, flags, words):
    done = run(command, *flags, f"--runs={tmp_path}")
    assert done.returncode == 2, done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    for word in words:
        assert word in done.stderr


def test_losses_are_compared_in_one_table(run, tmp_path):
    done = run("compare_losses.py", *SMALL, "--losses=margin,triplet", "--seeds=1,2", f"--runs={tmp_path}")
    table = done.stdout.split("digits, 2 seed(s)")[1].splitlines()
    assert [row.split()[0] for row in table[1:]] == ["trunk", "untrained", "margin", "triplet"]
    assert all("+-" in row for row in table[3:])


def test_losses_are_compared_beside_themselves_on_synthetic_negatives(run, tmp_path):
    done = run("compare_losses.py", *SMALL, "--adversarial", "--losses=npair", "--seeds=1,2", f"--runs={tmp_path}")
    head, *table = done.stdout.split("digits, 2 seed(s)")[1].splitlines()
    assert head.split()[-1] == "seconds"
    assert [row.split()[0] for row in table] == ["trunk", "untrained", "npair", "adversarial_npair"]
    assert all(float(row.split()[-1]) >= 0 for row in table[2:])


def test_a_run_tells_how_near_synthetic_negatives_are_and_its_report_shows_it(run, tmp_path):
    small = [flag for flag in SMALL if flag != "--no-report"]
    done = run("train_npair.py", *small, "--adversarial", "--epochs=2", "--name=it", f"--runs={tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in (tmp_path / "it" / "metrics.jsonl").read_text().splitlines()]
    told = [row for row in rows if row["kind"] == "epoch"]
    assert all(row["distance to synthetic"] > 0 and row["distance to negative"] > 0 for row in told)
    assert all(0 <= row["synthetic nearer"] <= 1 for row in told)
    assert (tmp_path / "it" / "report" / "index.html").stat().st_size > 0
    assert stored(tmp_path / "it")["batch_k"] == 2


@pytest.mark.parametrize(
    ("command", "flags", "kind"),
    [("extract.py", ["--run=runs/demo"], "folder"), ("mine_categories.py", ["--vectors=all.h5"], "file")],
)
def test_a_place_that_cannot_be_written_to_is_told_before_anything_is_computed(run, tmp_path, command, flags, kind):
    place = tmp_path / "there"
    place.mkdir() if kind == "folder" else place.touch()
    done = run(command, *flags, f"--out={place}")
    assert done.returncode == 2
    assert f"--out={place}: is a {kind}" in done.stderr


def test_losses_and_seeds_named_twice_are_trained_once(run, tmp_path):
    done = run("compare_losses.py", *SMALL, "--losses=npair,npair", "--seeds=1,1", f"--runs={tmp_path}")
    assert "digits, 1 seed(s)" in done.stdout
    assert done.stdout.count("compare-digits/npair-1\n") == 1
