"""The command of the demos: trained and added once."""

import cv2
import pytest
from django.core.management import call_command

from datasets.errors import RunFailed
from web.galleries import adding, drawn
from web.galleries.management.commands import demo


@pytest.fixture
def begun(db, tmp_path, settings, monkeypatch):
    """The trainings and the galleries that are begun; scripts that train write what they write last."""
    monkeypatch.chdir(tmp_path)
    settings.DATA, found = tmp_path / "web", []

    def trained(words, **more):
        found.append(words[1].rpartition("/")[2])
        run = tmp_path / "runs" / next(word.partition("=")[2] for word in words if word.startswith("--name="))
        run.mkdir(parents=True)
        (run / "vectors.h5").touch()
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(demo.subprocess, "run", trained)
    monkeypatch.setattr(adding, "add", lambda name, source, spec: found.append(name))
    monkeypatch.setattr(adding, "is_there", lambda source, spec: "Scenes" in found and "Characters" in found)
    monkeypatch.setattr(demo, "DEMOS", {name: (*told[:2], lambda folder: folder) for name, told in demo.DEMOS.items()})
    return found


def test_it_works_and_does_nothing_a_second_time(begun):
    for _ in range(2):
        call_command("demo")
        assert begun == ["train_vse.py", "Scenes", "train_margin.py", "Characters"]


def test_a_training_that_fails_is_told(begun, monkeypatch):
    monkeypatch.setattr(demo.subprocess, "run", lambda *words, **more: type("Done", (), {"returncode": 1}))
    with pytest.raises(RunFailed, match="train_vse.py ended with code 1"):
        call_command("demo")
    assert not begun


@pytest.mark.slow
def test_what_is_drawn(tmp_path):
    for draw in (drawn.scenes, drawn.characters):
        folder = draw(tmp_path / draw.__name__)
        files = sorted(folder.rglob("*.png"))
        assert len(files) > 500 and cv2.imread(str(files[0])) is not None and draw(folder) == folder
