"""Extract and report, from a finished run and from a folder of pictures."""

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
