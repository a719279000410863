"""Kills of the server: what it acknowledged is there when it is started again, and its pages answer."""

import json
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import drawn
import encoders
import pytest

ROOT = Path(__file__).resolve().parents[3]
KILLS = 10
WAIT = 60
WHO = {"username": "ann", "password": "of-tests-alone"}

_MADE = """
import os; os.environ["DJANGO_SETTINGS_MODULE"] = "web.settings"
import django; django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
call_command("migrate", verbosity=0)
get_user_model().objects.create_user("ann", password="of-tests-alone")
call_command("gallery", "add", name="kept", images={photos!r}, model={model!r})
"""


class Browser:
    """Somebody who signs in and says of pictures what they are."""

    def __init__(self) -> None:
        self.open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar())).open

    def post(self, address: str, page: str, **fields: object) -> str:
        text = self.open(page, timeout=WAIT).read().decode()
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', text)[1]
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **fields}).encode()
        headers = {"Referer": page, "Accept": "application/json"}
        return self.open(urllib.request.Request(address, data, headers), timeout=WAIT).read().decode()


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Starts the server and returns its process and address."""
    model = str(encoders.clip(tmp_path / "encoder.onnx"))
    photos = str(drawn.photos(tmp_path / "photos", 10))
    for name, value in {
        "WEB_DATA": tmp_path / "data",
        "WEB_WORK": "0",
        "PYTHONPATH": ROOT,
        "WEB_SIGN_INS_A_MINUTE": "0",
    }.items():
        monkeypatch.setenv(name, str(value))
    subprocess.run([sys.executable, "-c", _MADE.format(photos=photos, model=model)], check=True, cwd=ROOT)
    begun = []

    def started():
        with (tmp_path / "log").open("a") as log:
            words = [sys.executable, "-m", "web.manage", "serve", "--port=0"]
            begun.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT))
        address = next((line.strip() for line in begun[-1].stdout if line.startswith("http")), "")
        assert address, (tmp_path / "log").read_text()
        return begun[-1], address

    yield started
    for process in begun:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.slow
def test_what_was_acknowledged_is_there_after_each_of_ten_kills(serve):
    said = {}
    for number in range(1, KILLS + 1):
        process, address = serve()
        browser = Browser()
        browser.post(f"{address}accounts/login/", f"{address}accounts/login/", **WHO)
        page = f"{address}g/kept/annotate/"
        for picture in (2 * number - 1, 2 * number):
            fields = {"action": "assign", "name": f"class {picture}", "picture": f"{picture}:0"}
            answer = json.loads(browser.post(f"{page}change/", page, **fields))
            assert answer["done"] == [picture]
            said[picture] = f"class {picture}"
        process.kill()
        process.wait()
    _, address = serve()
    browser = Browser()
    browser.post(f"{address}accounts/login/", f"{address}accounts/login/", **WHO)
    text = browser.open(f"{address}g/kept/annotate/export/audit.csv", timeout=WAIT).read().decode()
    assert all(name in text for name in said.values())
    assert browser.open(f"{address}pictures/1/small.jpg", timeout=WAIT).status == 200
