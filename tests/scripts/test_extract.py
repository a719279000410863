"""Extract and report, from a finished run and from a folder of pictures."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.stored import vectors_file
from embedding.mx import mx
from embedding.network.net import EmbeddingNet, see_blank
from embedding.options import TrainOptions

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


def run(command: str, *flags: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(SCRIPTS / command), *flags], capture_output=True, text=True)


@pytest.fixture
def trained(small_run, tmp_path) -> Path:
    subprocess.run([*small_run, "--epochs=1", "--name=trained"], check=True, capture_output=True)
    return tmp_path / "trained"


def test_a_run_s_network_gives_its_vectors_again(trained, tmp_path):
    done = run("extract.py", f"--run={trained}", "--data=digits", f"--out={tmp_path / 'again.h5'}")
    assert done.returncode == 0, done.stderr
    again, before = (vectors_file.load(path) for path in (tmp_path / "again.h5", trained / "vectors.h5"))
    np.testing.assert_allclose(again.gallery, before.gallery, atol=1e-5)
    assert "recall@1" in done.stdout

    done = run("report.py", f"--vectors={trained}", f"--out={tmp_path / 'report'}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "report" / "index.html").exists()


def test_a_folder_of_pictures_without_labels(trained, tmp_path):
    (tmp_path / "pictures").mkdir()
    for i in range(3):
        cv2.imwrite(str(tmp_path / "pictures" / f"{i}.png"), np.full((30, 40, 3), 80 * i, np.uint8))
    done = run("extract.py", f"--run={trained}", f"--data-path={tmp_path / 'pictures'}", f"--out={tmp_path / 'p.h5'}")
    assert done.returncode == 0, done.stderr
    found = vectors_file.load(tmp_path / "p.h5")
    assert found.gallery.shape == (3, 16)
    assert found.gallery_labels is None
    at_28 = run(
        "extract.py",
        f"--run={trained}",
        f"--data-path={tmp_path / 'pictures'}",
        "--image-size=28",
        f"--out={tmp_path / 'q.h5'}",
    )
    assert at_28.returncode == 0, at_28.stderr  # 28 is what the network was trained and tested at
    np.testing.assert_array_equal(vectors_file.load(tmp_path / "q.h5").gallery, found.gallery)
    assert [Path(path).name for path in found.gallery_paths] == ["0.png", "1.png", "2.png"]

    # All of a set in one gallery: an image alone in its class asks for nothing, and is a vector all the same.
    lines = ["label,path,split,is_query,is_gallery", "b,0.png,test,1,0", "b,1.png,test,0,1", "c,2.png,test,0,1"]
    (tmp_path / "pictures" / "set.csv").write_text("\n".join(lines))
    data = ["--data=folder", f"--data-path={tmp_path / 'pictures' / 'set.csv'}", "--part=all"]
    done = run("extract.py", f"--run={trained}", *data, f"--out={tmp_path / 'all.h5'}")
    assert done.returncode == 0, done.stderr
    assert vectors_file.load(tmp_path / "all.h5").gallery_labels.tolist() == [0, 0, 1]


def test_train_part_and_mistakes(trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = f"--out={tmp_path / 'x.h5'}"
    done = run("extract.py", f"--run={trained}", "--data=digits", "--part=train", out)
    assert done.returncode == 0, done.stderr
    assert set(vectors_file.load(tmp_path / "x.h5").gallery_labels) == {0, 1, 2, 3, 4}
    all_train = tmp_path / "all_train.csv"
    all_train.write_text("label,path,split\na,1.png,train\na,2.png,train\n")
    for name in ("1.png", "2.png"):
        cv2.imwrite(str(tmp_path / name), np.zeros((9, 9, 3), np.uint8))
    for flags, word in (
        (["--run=nowhere", "--data=digits"], "nowhere"),
        ([f"--run={trained}", "--data=digits", "--part=none"], "--part=none"),
        ([f"--run={trained}", "--data=digits", "--checkpoint=first"], "first"),
        (["--data=digits"], "nothing to extract with"),
        ([f"--run={trained}", "--data=digits", "--model=vgg16"], "--model=vgg16: --run names the network"),
        ([f"--run={trained}", "--data=files"], "needs images: name by --data-path a folder"),
        ([f"--run={trained}", "--data=lfw"], "--data=lfw without --data-path, so looked for in data/"),
        ([f"--run={trained}", "--data=digits", "--workers=0"], "--workers=0"),
        ([f"--run={trained}", "--data=digits", "--resize=squash"], "--resize=squash"),
        ([f"--run={trained}", "--data=digits", "--image-size=wide"], "--image-size=wide"),
        ([f"--run={trained}", "--data=folder", f"--data-path={all_train}"], "its query part is empty"),
    ):
        done = run("extract.py", *flags, out)
        assert done.returncode == 2
        assert word in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    done = run("report.py", f"--vectors={trained}", "--seed=-1")
    assert (done.returncode, done.stderr) == (2, "error: --seed=-1: must be 0 or above\n")


def test_images_too_small_for_the_network_of_a_run_are_told_in_one_line(tmp_path):
    net = EmbeddingNet(model="googlenet", dim=4)
    net.initialize()
    see_blank(net, 64, [mx.cpu()], flag="")
    (tmp_path / "run" / "best").mkdir(parents=True)
    net.save_parameters(str(tmp_path / "run" / "best" / "net.params"))
    options = TrainOptions(model="googlenet", embed_dim=4, image_size="64", test_size="64")
    (tmp_path / "run" / "options.json").write_text(json.dumps(dataclasses.asdict(options), default=str))
    flags = [
        f"--run={tmp_path / 'run'}",
        "--data=digits",
        "--image-size=16",
        f"--out={tmp_path / 'x.h5'}",
        "--engine=mxnet",
    ]
    done = run("extract.py", *flags)
    line = "error: --model=googlenet cannot take images of 16 pixels; give a larger --image-size\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", line)


# The small tree below is not the true set: its counts are not looked at.
WITHOUT_COUNTS = """
import runpy, sys
from datasets.images import lfw
lfw.COUNTS = {}
sys.argv = sys.argv[1:]
sys.path.insert(0, sys.argv[0].removesuffix("extract.py"))
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_a_set_of_pairs_is_verified(trained, tmp_path):
    rng = np.random.default_rng(0)
    for person in ("Ann", "Bob"):
        (tmp_path / "lfw" / person).mkdir(parents=True)
        for number in range(1, 4):
            pixels = rng.integers(0, 256, (30, 30, 3), dtype=np.uint8)
            cv2.imwrite(str(tmp_path / "lfw" / person / f"{person}_000{number}.jpg"), pixels)
    pairs = ["2 1", "Ann 1 2", "Ann 1 Bob 1", "Bob 1 2", "Ann 2 Bob 2"]
    (tmp_path / "pairs.txt").write_text("\n".join(pairs))
    flags = [f"--run={trained}", "--data=lfw", f"--data-path={tmp_path}", f"--out={tmp_path / 'faces.h5'}"]
    extract = [sys.executable, "-c", WITHOUT_COUNTS, str(SCRIPTS / "extract.py"), *flags]
    done = subprocess.run(extract, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(SCRIPTS.parent)})
    assert done.returncode == 0, done.stderr
    table = done.stdout[done.stdout.index("test scores") :].splitlines()
    assert table[0] == "test scores on lfw" and table[1].split()[:3] == ["accuracy", "standard", "error"]
    found = vectors_file.load(tmp_path / "faces.h5")
    assert len(found.gallery) == 4 and found.pairs.rows.tolist() == [[0, 1], [0, 2], [2, 3], [1, 3]]

    done = run("report.py", f"--vectors={tmp_path / 'faces.h5'}", f"--out={tmp_path / 'report'}")
    assert done.returncode == 0, done.stderr
    assert "accuracy" in (tmp_path / "report" / "index.html").read_text()


@pytest.mark.parametrize("max_bad", ["--max-bad=0.1", "--max-bad=1"])
def test_pictures_none_of_which_can_be_read_leave_nothing_in_the_way(trained, tmp_path, max_bad):
    (tmp_path / "0.png").write_bytes(b"no picture")
    flags = [f"--run={trained}", f"--data-path={tmp_path / 'list.txt'}", f"--out={tmp_path / 'p.h5'}", max_bad]
    (tmp_path / "list.txt").write_text("0.png\n")
    done = run("extract.py", *flags)
    assert done.returncode == 2 and "none of 1 pictures can be read" in done.stderr
    assert not (tmp_path / "p.pieces").exists()
    cv2.imwrite(str(tmp_path / "1.png"), np.zeros((9, 9, 3), np.uint8))
    (tmp_path / "list.txt").write_text("1.png\n")
    done = run("extract.py", *flags)
    assert done.returncode == 0, done.stderr
