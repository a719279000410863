"""docs/api.md: its curl lines are run against a live server, and their answers have the fields that it shows."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

PAGE = Path(__file__).resolve().parents[3] / "docs" / "api.md"
BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```$", re.S | re.M)
SERVER = "http://127.0.0.1:8000"


def steps() -> list[tuple[str, str]]:
    """Each command of the page, with the answer that it shows behind the last one of a block."""
    found: list[tuple[str, str]] = []
    for language, text in BLOCK.findall(PAGE.read_text()):
        if language == "json":
            found[-1] = (found[-1][0], text)
        else:
            found += [(line, "") for line in re.split(r"\n(?=curl )", text.strip())]
    return [step for step in found if step[0].startswith("curl ")]


def fields(value: object) -> object:
    """What ``value`` is made of: of objects the fields, of lists the first item."""
    if isinstance(value, dict):
        return {name: fields(one) for name, one in value.items()}
    return [fields(one) for one in value[:1]] if isinstance(value, list) else None


@pytest.fixture
def run(live_server, gallery, photos, staff, encoder, tmp_path, monkeypatch):
    """Runs a command of the page as it stands there, but for the server and for numbers and paths of its own."""
    from web.accounts import bearer
    from web.serving.network import Network

    monkeypatch.setattr(Network, "sentence", lambda self, text: np.eye(1, self.facts.dim, dtype=np.float32)[0])
    gallery.slug, gallery.name = "photos", "Photos"
    gallery.save()
    first, second = gallery.pictures.filter(category="green")[:2]
    secret = bearer.made(staff, "of the page", "manage")[1]
    for name, colour in (("photo.jpg", "green"), ("other.jpg", "red")):
        shutil.copy(photos / colour / "3.jpg", tmp_path / name)
    shutil.copytree(photos / "red", tmp_path / "more")
    own = {SERVER: live_server.url, "/data/more": str(tmp_path / "more"), "/data/encoder.onnx": encoder.path}

    def run(command: str, job: int) -> subprocess.CompletedProcess:
        for its, ours in own.items():
            command = command.replace(its, ours)
        command = command.replace("jobs/7", f"jobs/{job}")
        for its, ours in {"12": first.pk, "15": second.pk}.items():
            command = re.sub(rf"(?<=pictures/){its}\b|(?<=like=){its}\b|(?<=\"picture\": ){its}\b", str(ours), command)
        command = command.replace("[12, 15]", f"[{first.pk}, {second.pk}]")
        command += " -w '\\n%{http_code}'"
        environment = {"TOKEN": secret, "PATH": "/usr/local/bin:/usr/bin:/bin"}
        return subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)

    return run


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine, which the page's lines are for")
def test_every_line_answers_as_the_page_shows(run):
    job = 0
    for command, shown in steps():
        done = run(command, job)
        text, _, status = done.stdout.rpartition("\n")
        wanted = json.loads(shown) if shown else {}
        assert not done.returncode and done.stdout, (command, done.stderr)
        assert int(status) == wanted.get("status", status) if "detail" in wanted else int(status) < 300, (command, text)
        if shown:
            assert fields(json.loads(text)) == fields(wanted), command
        job = json.loads(text).get("job", job) if text.startswith("{") else job
    assert len(steps()) > 20
