"""The image-text commands: the reference's flags, a table of losses, and mistakes in one line."""

import json

import numpy as np
import pytest

SMALL = ["--embed-dim=16", "--word-dim=12", "--batch-size=16", "--epochs=1", "--lr=1e-2", "--no-report", "--workers=1"]


@pytest.fixture
def reference(tmp_path):
    """A folder that holds f8k_precomp, as the reference's commands want it."""
    rng = np.random.default_rng(0)
    for part, count in (("train", 12), ("dev", 4), ("test", 4)):
        folder = tmp_path / "data" / "f8k_precomp"
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / f"{part}_ims.npy", rng.random((count, 6)).astype(np.float32))
        captions = [f"{'a b c d'[2 * (i % 4)]} two {number}" for i in range(count) for number in range(5)]
        (folder / f"{part}_caps.txt").write_text("".join(f"{caption}\n" for caption in captions))
    return tmp_path / "data"


def stored(folder):
    return json.loads((folder / "options.json").read_text())


@pytest.mark.parametrize("join", ["-", "_"])
def test_the_reference_command_runs_with_either_spelling(run, reference, tmp_path, join):
    flags = {
        **{"data_path": reference, "data_name": "f8k_precomp", "margin": 0.3, "num_epochs": 2, "batch_size": 16},
        **{"word_dim": 12, "embed_size": 16, "grad_clip": 1.5, "num_layers": 2, "learning_rate": 0.01, "lr_update": 1},
        **{"workers": 1, "img_dim": 6, "logger_name": "it", "runs": tmp_path / "runs", "cnn_type": "resnet152"},
    }
    given = [text for name, value in flags.items() for text in (f"--{name.replace('_', join)}", str(value))]
    done = run("train_vse.py", *given, f"--max{join}violation", "--no-report", f"--log{join}step=1")
    assert (done.returncode, done.stderr) == (0, "")
    found = stored(tmp_path / "runs" / "it")
    wanted = {"data": "f8k_precomp", "loss": "max_hinge", "margin": 0.3, "epochs": 2, "embed_dim": 16, "word_dim": 12}
    wanted |= {"grad_clip": 1.5, "num_layers": 2, "lr": 0.01, "factor": 0.1, "lr_update": 1, "cosine": False}
    assert {name: found[name] for name in wanted} == wanted


def test_without_the_hardest_negative(run, reference, tmp_path):
    how = [f"--data-path={reference}", "--data=f8k_precomp", f"--runs={tmp_path}", *SMALL]
    assert run("train_vse.py", *how, "--no-max-violation").returncode == 0
    assert stored(tmp_path / "f8k_precomp-sum_hinge")["loss"] == "sum_hinge"


def test_a_table_of_losses(run, reference, tmp_path):
    how = [f"--data-path={reference}", "--data=f8k_precomp", f"--runs={tmp_path}", *SMALL, "--warm-up=1"]
    done = run("compare_vse.py", *how, "--losses=max_hinge,sum_hinge", "--seeds=1,1")
    assert (done.returncode, done.stderr) == (0, "")
    table = done.stdout.splitlines()[-3:]
    assert [row.split()[0] for row in table] == ["f8k_precomp,", "max_hinge", "sum_hinge"]
    assert {path.name for path in (tmp_path / "compare-vse-f8k_precomp").iterdir()} == {"max_hinge-1", "sum_hinge-1"}


def spoil(folder, file, change):
    path = folder / "f8k_precomp" / file
    path.write_text("".join(change(path.read_text().splitlines(keepends=True))))


def test_bad_captions_are_one_line(run, reference, tmp_path):
    how = [f"--data-path={reference}", "--data=f8k_precomp", f"--runs={tmp_path / 'runs'}"]
    spoil(reference, "dev_caps.txt", lambda lines: lines[:-1])
    done = run("train_vse.py", *how)
    assert done.returncode == 2 and "dev_" in done.stderr and len(done.stderr.splitlines()) == 1
    spoil(reference, "dev_caps.txt", lambda lines: [*lines, "\n"])
    done = run("train_vse.py", *how)
    assert done.returncode == 2 and "dev_caps.txt, line 20" in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("command", "flags", "words"),
    [
        ("train_vse.py", ["--data=flickr8k", "--data-path=/nowhere"], "/nowhere"),
        ("train_vse.py", ["--data=nothing"], "unknown dataset 'nothing'"),
        ("train_vse.py", ["--data=scenes", "--use_restval"], "--restval: scenes has no such images"),
        ("train_vse.py", ["--embed_size=0"], "--embed-dim=0"),
        ("train_vse.py", ["--vocab_path=/none.json", "--epochs=1"], "/none.json"),
        ("train_vse.py", ["--start=/none", "--epochs=1"], "/none"),
        ("train_vse.py", ["--loss=hinge"], "unknown loss 'hinge'"),
        (
            "train_vse.py",
            ["--split-words=thai"],
            "--split-words=thai: there is no way 'thai' to part words; choose char",
        ),
        ("train_vse.py", ["--max-words=-1"], "--max-words=-1: must be at least 0"),
        ("train_vse.py", ["--start=/none", "--split-words=spaces"], "--split-words: words are those of --start"),
        ("train_vse.py", ["--data=captions", "--data-path=/none.csv"], "/none.csv is not there"),
        ("train_vse.py", ["--data=web_news", "--data-path=/none"], "/none is not a folder"),
        ("compare_vse.py", ["--splits=characters,thai"], "--splits=characters,thai: there is no way 'thai'"),
        ("compare_vse.py", ["--splits=spaces", "--split-words=spaces"], "--split-words=spaces: say it by --splits"),
        ("compare_vse.py", ["--losses=order,hinge"], "unknown loss 'hinge'"),
        ("compare_vse.py", ["--loss=order"], "--loss=order: say it by --losses"),
        ("compare_vse.py", ["--seed=7"], "--seed=7: say it by --seeds"),
        ("compare_vse.py", ["--losses="], "--losses and --seeds each need one"),
        ("compare_vse.py", ["--recipe=paper"], "all losses are trained alike"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, command, flags, words):
    done = run(command, *flags, f"--runs={tmp_path}")
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1
