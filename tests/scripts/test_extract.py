"""Extract and report, from a finished run and from a folder of pictures."""

import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from datasets.vectors import file as vectors_file

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


def test_train_part_and_mistakes(trained, tmp_path):
    out = f"--out={tmp_path / 'x.h5'}"
    done = run("extract.py", f"--run={trained}", "--data=digits", "--part=train", out)
    assert done.returncode == 0, done.stderr
    assert set(vectors_file.load(tmp_path / "x.h5").gallery_labels) == {0, 1, 2, 3, 4}
    for flags, word in (
        (["--run=nowhere", "--data=digits"], "nowhere"),
        ([f"--run={trained}", "--data=digits", "--part=none"], "--part=none"),
        ([f"--run={trained}", "--data=digits", "--checkpoint=first"], "first"),
        (["--data=digits"], "nothing to extract with"),
        ([f"--run={trained}", "--data=digits", "--workers=0"], "--workers=0"),
        ([f"--run={trained}", "--data=digits", "--resize=squash"], "--resize=squash"),
    ):
        done = run("extract.py", *flags, out)
        assert done.returncode == 2
        assert word in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1


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
    table = done.stdout.splitlines()
    assert table[0] == "test scores on lfw" and table[1].split()[:3] == ["accuracy", "standard", "error"]
    found = vectors_file.load(tmp_path / "faces.h5")
    assert len(found.gallery) == 4 and found.pairs.rows.tolist() == [[0, 1], [0, 2], [2, 3], [1, 3]]

    done = run("report.py", f"--vectors={tmp_path / 'faces.h5'}", f"--out={tmp_path / 'report'}")
    assert done.returncode == 0, done.stderr
    assert "accuracy" in (tmp_path / "report" / "index.html").read_text()
