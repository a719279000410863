"""The hashing commands: every method trains, the reference command on a tree of birds, and mistakes in one line."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from datasets.stored import vectors_file
from hashing import losses
from hashing.evaluation.lookup import code_bits

SMALL = ["--data=digits", "--batch-size=20", "--batch-k=4", "--epoch-steps=2", "--epochs=1", "--bits=16", "--no-report"]


def birds(root) -> Path:
    """Twelve classes of four birds in the layout of CUB-200-2011; half of the classes train."""
    rng = np.random.default_rng(0)
    paths = [f"{c:03d}.Bird/Bird_{k}.jpg" for c in range(1, 13) for k in range(4)]
    for path in paths:
        place = root / "images" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (40, 48, 3), dtype=np.uint8)).save(place)
    (root / "images.txt").write_text("".join(f"{i} {path}\n" for i, path in enumerate(paths, 1)))
    (root / "image_class_labels.txt").write_text("".join(f"{i} {int(p[:3])}\n" for i, p in enumerate(paths, 1)))
    (root / "classes.txt").write_text("".join(f"{c} {c:03d}.Bird\n" for c in range(1, 13)))
    return root


def labelled(root, *, queries: int = 4) -> Path:
    """A folder of lists: images of two classes, some of them queries."""
    rng = np.random.default_rng(1)
    lines = []
    for number in range(24):
        name = f"{number}.png"
        colour = (200, 30, 30) if number % 2 else (30, 30, 200)
        pixels = np.array(colour) + rng.integers(-25, 25, (32, 32, 3))
        root.mkdir(exist_ok=True)
        Image.fromarray(pixels.astype(np.uint8)).save(root / name)
        lines.append(f"{name} {1 - number % 2} {number % 2}\n")
    (root / "test.txt").write_text("".join(lines[:queries]))
    (root / "train.txt").write_text("".join(lines[queries:16]))
    (root / "database.txt").write_text("".join(lines[queries:]))
    return root


@pytest.mark.parametrize("method", losses.names())
def test_every_method_trains_by_its_name(run, tmp_path, method):
    done = run("train_hash.py", *SMALL, f"--method={method}", "--name=it", f"--runs={tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert code_bits(vectors_file.load(tmp_path / "it" / "vectors.h5")) == 16


def test_blocks_are_scored_by_their_lookup_again(run, tmp_path):
    assert run("train_hash.py", *SMALL, "--method=subic", "--name=it", f"--runs={tmp_path}").returncode == 0
    done = run("evaluate_hash.py", f"--codes={tmp_path / 'it'}", f"--report={tmp_path / 'report'}")
    assert (done.returncode, done.stderr) == (0, "")
    lines = (tmp_path / "it" / "metrics.jsonl").read_text().splitlines()
    (last,) = (line for line in map(json.loads, lines) if line.get("row") == "last")
    name, bits, *_, score = done.stdout.splitlines()[1].split()[:5]
    assert (name, bits, score) == ("it", "16", f"{last['map@all']:.4f}")
    assert vectors_file.load(tmp_path / "it" / "vectors.h5").dim == 512  # one-hot, for Hamming search
    assert (tmp_path / "report" / "index.html").exists()


def test_the_reference_command_runs_on_birds(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    birds(tmp_path / "data" / "CUB_200_2011")
    flags = "--exp_name CUB_32 --code_size 32 --triplet_margin 8 --dataset_name CUB_200_2011"
    done = run("train_hash.py", *flags.split(), "--epochs=1", "--image-size=64", "--hidden=8")
    assert (done.returncode, done.stderr) == (0, "")
    stored = json.loads(Path("runs/CUB_32/options.json").read_text())
    wanted = {"method": "triplet", "bits": 32, "margin": 8.0, "data": "cub200", "model": "resnet18_v1b"}
    assert {name: stored[name] for name in wanted} == wanted
    vectors = vectors_file.load(Path("runs/CUB_32/vectors.h5"))
    assert (vectors.metric, vectors.gallery.shape, vectors.leave_one_out) == ("hamming", (24, 4), True)
    assert Path("runs/CUB_32/report/index.html").exists()


def test_other_names_of_flags_are_the_same_flags(run, tmp_path):
    flags = ["--hash_bit=24" if flag == "--bits=16" else flag for flag in SMALL]
    assert run("train_hash.py", *flags, "--exp-name=it", f"--runs={tmp_path}").returncode == 0
    assert vectors_file.load(tmp_path / "it" / "vectors.h5").dim == 24


def test_codes_of_lists_of_labels_and_of_pictures_nobody_labelled(run, tmp_path):
    small = ["--model=convnet", "--epochs=2", "--lr=1e-2", "--bits=8", "--batch-size=12", "--no-report"]
    data = ["--data=labelled", f"--data-path={labelled(tmp_path / 'colours')}"]
    done = run("train_hash.py", *data, *small, "--image-size=32", "--name=it", f"--runs={tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "all 12 training images are in the gallery by the set's split" in done.stdout
    assert "map@all untrained" in done.stdout
    out = tmp_path / "codes.h5"
    done = run("extract.py", f"--run={tmp_path / 'it'}", f"--data-path={tmp_path / 'colours'}", f"--out={out}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "24 x 8 bits" in done.stdout
    found = vectors_file.load(out)
    assert (found.metric, found.gallery.shape, found.gallery_labels) == ("hamming", (24, 1), None)
    wanted = vectors_file.load(tmp_path / "it" / "vectors.h5")
    assert wanted.gallery_trained.sum() == 12
    codes = dict(zip(found.gallery_paths, found.gallery, strict=True))
    for path, code in zip(wanted.gallery_paths, wanted.gallery, strict=True):
        np.testing.assert_array_equal(codes[path], code)
    for folder, trained in (("colours", True), ("others", False)):
        place = labelled(tmp_path / folder)
        flags = ["--data=labelled", f"--data-path={place}", "--part=all", f"--out={out}"]
        assert run("extract.py", f"--run={tmp_path / 'it'}", *flags).returncode == 0
        assert (vectors_file.load(out).gallery_trained is not None) == trained
    done = run("report.py", f"--vectors={tmp_path / 'it'}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "map@all" in (tmp_path / "it" / "report" / "index.html").read_text()


def test_images_of_lists_that_cannot_be_read_are_skipped_where_so_many_may_be(run, tmp_path):
    root = labelled(tmp_path / "colours")
    (root / "7.png").write_bytes(b"no picture")
    listed = (root / "database.txt").read_text().splitlines(keepends=True)
    (root / "database.txt").write_text("".join(line for line in listed if not line.startswith("7.png")))
    small = ["--model=convnet", "--epochs=1", "--bits=8", "--batch-size=12", "--no-report", "--image-size=32"]
    flags = ["--data=labelled", f"--data-path={root}", *small, "--name=it", f"--runs={tmp_path}"]
    done = run("train_hash.py", *flags, "--max-bad=0", "--name=strict")
    assert done.returncode == 2 and "7.png" in done.stderr and len(done.stderr.splitlines()) == 1
    done = run("train_hash.py", *flags)
    assert (done.returncode, done.stderr) == (0, "")
    assert "itq" in done.stdout and f"skipped 1 of 24 pictures that cannot be read: {root / '7.png'}" in done.stdout


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (("train.txt", "5.png 0 1 0"), "train.txt, line"),
        (("train.txt", "gone.png 0 1"), "gone.png"),
        (("train.txt", ""), "train.txt, line"),
        (("test.txt", "5.png 0 2"), "test.txt, line"),
    ],
)
def test_bad_lists_are_one_line(run, tmp_path, spoil, words):
    root = labelled(tmp_path / "colours")
    name, line = spoil
    before = (root / name).read_text().splitlines()
    (root / name).write_text("\n".join([before[0], line, *before[1:]]))
    done = run("train_hash.py", "--data=labelled", f"--data-path={root}", f"--runs={tmp_path / 'runs'}")
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("command", "flags", "words"),
    [
        ("train_hash.py", ["--bits=20"], "--bits=20: must be a multiple of 8"),
        ("train_hash.py", ["--code_size=0"], "--bits=0"),
        ("train_hash.py", ["--method=hash"], "unknown method 'hash'"),
        ("train_hash.py", ["--data=digits", "--split=1"], "--split=1: digits has no such split"),
        ("train_hash.py", ["--data=cifar10", "--split=7"], "--split=7: cifar10 has no such split; known are 0, 1, 2"),
        ("train_hash.py", ["--data=labelled"], "labelled"),
        ("train_hash.py", ["--method=subic", "--bits=520", "--data=digits"], "--bits=520: a block of subic has 256"),
        ("train_hash.py", ["--method=cnnh", "--mu=1", "--data=digits"], "--mu=1.0: cnnh has no such setting"),
        ("train_hash.py", ["--recipe=paper", "--data=digits"], "no published settings for hashnet"),
        ("compare_hashes.py", ["--bits=16,20"], "--bits=20"),
        ("compare_hashes.py", ["--bits=some"], "--bits=some: give whole numbers"),
        ("compare_hashes.py", ["--methods=dch,hashnett"], "unknown method 'hashnett': did you mean hashnet?"),
        ("compare_hashes.py", ["--data=digits", "--margin=3", "--methods=dsh,dch"], "--margin=3.0: dch has no such"),
        ("compare_hashes.py", ["--seed=7"], "--seed=7: give --seeds=7"),
        ("compare_hashes.py", ["--recipe=paper"], "--recipe=paper: all methods are trained alike here"),
        ("compare_hashes.py", ["--methods="], "--methods, --bits and --seeds each need one"),
    ],
)
def test_mistakes_are_one_line(run, tmp_path, command, flags, words):
    done = run(command, *flags, f"--runs={tmp_path}")
    assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_comparison_is_of_the_split_that_the_set_s_name_says(run, tmp_path):
    for part in ("train", "test"):
        place = tmp_path / part / "cat" / "0.png"
        place.parent.mkdir(parents=True)
        Image.new("RGB", (32, 32)).save(place)
    done = run("compare_hashes.py", "--data=cifar10-0", f"--data-path={tmp_path}", f"--runs={tmp_path / 'runs'}")
    assert done.returncode == 2 and "class 'cat' has 2 images, and --split=0 of cifar10 deals 100" in done.stderr


def test_a_table_of_methods_and_lengths(run, tmp_path):
    flags = [flag for flag in SMALL if not flag.startswith("--bits")]
    done = run("compare_hashes.py", *flags, "--bits=8,16", "--methods=dch", "--seeds=1,1", f"--runs={tmp_path}")
    assert (done.returncode, done.stderr) == (0, "")
    table = done.stdout.splitlines()[-9:]
    assert [line.split()[0] for line in table[1:]] == ["itq", "lsh", "pca", "dch"] * 2
    assert len(list((tmp_path / "compare-hashes-digits").iterdir())) == 2
