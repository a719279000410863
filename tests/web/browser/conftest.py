"""A real browser on a real server: Chromium, driven by Playwright, and the page as it is started for people.

Without Chromium on the machine these tests are skipped, which is told. What a page writes to the console as an
error, what its Content-Security-Policy refuses, and each answer of 500 and above fails the test.
"""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
PLAYWRIGHT = importlib.util.find_spec("playwright") is not None
QUICK = {("test_frame.py", "test_it_works"), ("test_search.py", "test_it_works")}
STARTED = Path(__file__).with_name("started.py")


def pytest_collection_modifyitems(items):
    """The first test of two pages runs with `make test`, the others with `make check`."""
    for item in items:
        if item.path.parent == STARTED.parent and (item.path.name, item.name) not in QUICK:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def chromium():
    """The browser itself, one for all tests."""
    if not CHROMIUM or not PLAYWRIGHT:
        pytest.skip("no Chromium: apt-get install chromium, and pip install -e '.[dev]', for the tests in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """Where the server has its data, its photographs and its networks."""
    return tmp_path_factory.mktemp("server")


@pytest.fixture(scope="session")
def server(chromium, folder):
    """The address of a server that runs in a process of its own, with galleries and people."""
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, str(STARTED), str(folder)], stdout=subprocess.PIPE, stderr=log, text=True
        )
        address = next((line.strip() for line in process.stdout if line.startswith("http")), "")
        assert address, (folder / "log").read_text()
        yield address.rstrip("/")
        process.terminate()
        process.wait(30)
        process.stdout.close()


@pytest.fixture(scope="session")
def signed_in(chromium, server):
    """The cookies of people by their names: each signs in once."""
    kept = {}

    def state(name):
        if name not in kept:
            with chromium.new_context(base_url=server) as context:
                page = context.new_page()
                page.goto("/accounts/login/")
                page.fill("[name=username]", name)
                page.fill("[name=password]", "of-tests-alone")
                page.press("[name=password]", "Enter")
                page.wait_for_url("/")
                kept[name] = context.storage_state()
        return kept[name]

    return state


@pytest.fixture
def context_of(chromium, server, signed_in):
    """Makes a browser's context for somebody, "" for nobody, with ``more`` options; its faults fail the test."""
    made, faults = [], []

    def make(name="sue", **more):
        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "reduced_motion": "reduce"} | more
        context = chromium.new_context(base_url=server, storage_state=signed_in(name) if name else None, **options)
        context.set_default_timeout(10_000)
        context.on("console", lambda line: line.type == "error" and faults.append(f"{line.text} ({line.page.url})"))
        context.on("weberror", lambda error: faults.append(f"{error.error} ({error.page.url})"))
        context.on("response", lambda got: got.status >= 500 and faults.append(f"{got.status} {got.url}"))
        context.on("request", lambda asked: _outside(asked.url, server) and faults.append(f"asked for {asked.url}"))
        made.append(context)
        return context

    make.faults = faults
    yield make
    for context in made:
        context.close()
    assert not faults, "\n".join(map(str, faults))


def _outside(url, server):
    return not url.startswith((server, "blob:", "data:", "about:"))


@pytest.fixture
def page(context_of):
    """A page of somebody who manages galleries."""
    return context_of().new_page()
