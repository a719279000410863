"""SIGKILL of the server: what it has acknowledged is there, the galleries open, and it soon serves again."""

import http.client
import json
import random
import re
import signal
import sqlite3
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import encoders
import pytest

MOMENTS = 10
SOON = 60.0  # seconds from its start until it serves, on however busy a machine; benchmarks/serve.py has the bar


class Person:
    """Somebody who is signed in, and gives pictures classes, one after the other, until the server is gone."""

    def __init__(self, port: int, password: str) -> None:
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        self.at, self.acknowledged = f"http://127.0.0.1:{port}", {}
        self.post("/accounts/login/", username="admin", password=password)

    def get(self, path: str) -> str:
        return self.opener.open(self.at + path, timeout=20).read().decode()

    def post(self, path: str, **fields: str) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.get("/accounts/"))[1]
        sent = urllib.parse.urlencode({**fields, "csrfmiddlewaretoken": token}).encode()
        request = urllib.request.Request(self.at + path, sent, {"Accept": "application/json"})
        return self.opener.open(request, timeout=20).read().decode()

    def annotate(self, pictures: dict[int, int], round_: int) -> None:
        """``pictures``: the revision of each."""
        for count in range(10_000):
            number = random.choice(list(pictures))
            name, seen = f"class {round_} {count}", f"{number}:{pictures[number]}"
            try:
                told = json.loads(self.post("/g/photos/annotate/change/", action="assign", name=name, picture=seen))
            except (OSError, http.client.HTTPException):
                return
            assert not told.get("clashes"), told
            pictures[number] += 1
            self.acknowledged[number] = name


def rows(data) -> dict[int, tuple[str, int]]:
    """Label and revision of each picture, as they stand in the file."""
    with sqlite3.connect(f"file:{data / 'web.sqlite3'}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = database.execute("SELECT id, label, revision FROM galleries_picture").fetchall()
    return {number: (label, revision) for number, label, revision in found}


def is_embedded(data) -> bool:
    with sqlite3.connect(f"file:{data / 'web.sqlite3'}?mode=ro", uri=True) as database:
        return bool(database.execute("SELECT active_id FROM galleries_gallery").fetchone()[0])


@pytest.mark.slow
def test_no_annotation_that_was_acknowledged_is_lost(tmp_path, photos, start):
    random.seed(0)
    data, flags = tmp_path / "data", (f"--run={encoders.clip(tmp_path / 'encoder.onnx')}", f"--images={photos}")
    serving = start(data, *flags, WEB_REQUESTS_A_MINUTE="0", WEB_SIGN_INS_A_MINUTE="0")
    password = re.search(r"user admin, password (\S+)", serving.said)[1]
    wait_until(lambda: is_embedded(data), 60)
    acknowledged, slowest = 0, 0.0
    for moment in range(MOMENTS):
        person, before = Person(serving.port, password), rows(data)
        pictures = {number: revision for number, (_, revision) in before.items()}
        thread = threading.Thread(target=person.annotate, args=(pictures, moment))
        thread.start()
        time.sleep(0.1 + random.random() * 0.6)
        serving.stop(signal.SIGKILL)
        thread.join(30)
        after = rows(data)
        for number, name in person.acknowledged.items():
            label, revision = after[number]
            assert label == name or (revision > pictures[number] and label.startswith(f"class {moment} ")), number
        began = time.monotonic()
        serving = start(data, *flags, WEB_REQUESTS_A_MINUTE="0", WEB_SIGN_INS_A_MINUTE="0")
        assert "password" not in serving.said and serving.ask("GET", "/accounts/login/").status == 200
        slowest = max(slowest, time.monotonic() - began)
        acknowledged += len(person.acknowledged)
    page = Person(serving.port, password).get(f"/g/photos/?like={next(iter(pictures))}")
    assert "Traceback" not in page and acknowledged > MOMENTS and slowest < SOON
    print(f"{acknowledged} annotations, slowest start {slowest:.1f} s")


def wait_until(holds, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.3)
