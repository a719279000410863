"""The page of results in a real browser: from the click until the last of 60 pictures stands there, decoded.

    .venv/bin/python benchmarks/serve_page.py

A gallery of 256 cut-outs of real photographs, served by scripts/serve.py, small pictures in its cache on disk. Of
each answer twice: by a browser that has none of these pictures, and by one that has seen them before. The browser
itself takes the times, from the start of the navigation on the search page; it and the server share the machine.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import verdicts
from extract import FILES, write_photographs
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
BAR = 200  # milliseconds
NOTHING = "/g/photographs/?folder=none"  # the search page, from which one searches; none of the pictures
TILES, ROUNDS = 60, 15
WINDOW = {"width": 1600, "height": 1000}  # what is far below it, browsers leave for later
SIGN_IN = {"DJANGO_SUPERUSER_USERNAME": "ann", "DJANGO_SUPERUSER_PASSWORD": "of-benchmarks-alone"}

# Says in window.shown when all pictures of the grid have been decoded and drawn, in milliseconds.
WATCH = """addEventListener("DOMContentLoaded", async () => {
  const pictures = [...document.querySelectorAll("[data-tile] img")];
  await Promise.all(pictures.map((picture) => picture.decode()));
  requestAnimationFrame(() => setTimeout(() => (window.shown = [performance.now(), pictures.length])));
});"""


def shown(page: Page, address: str) -> float:
    """Milliseconds from the page on which nothing was found until the grid at ``address`` stands there."""
    page.goto(NOTHING)
    page.goto(address, wait_until="commit")
    while not (seen := page.evaluate("window.shown")):  # wait_for_function needs eval, which the page's policy forbids
        page.wait_for_timeout(100)
    took, tiles = seen
    assert tiles == TILES, f"{tiles} tiles in the place of {TILES}"
    return took


def signed_in(browser: Browser, server: str) -> dict:
    """The cookies of somebody who has signed in."""
    with browser.new_context(base_url=server) as context:
        page = context.new_page()
        page.goto("/accounts/login/")
        page.fill("[name=username]", SIGN_IN["DJANGO_SUPERUSER_USERNAME"])
        page.fill("[name=password]", SIGN_IN["DJANGO_SUPERUSER_PASSWORD"])
        page.press("[name=password]", "Enter")
        page.wait_for_url("/")
        return context.storage_state()


def rounds(browser: Browser, server: str) -> tuple[list[float], list[float]]:
    """Milliseconds by a browser that has none of the pictures, and by one that knows the pictures; one a round."""
    cookies, first, again = signed_in(browser, server), [], []
    for number in range(1, ROUNDS + 2):
        with browser.new_context(base_url=server, storage_state=cookies, viewport=WINDOW) as context:
            context.add_init_script(WATCH)
            page, address = context.new_page(), f"/g/photographs/?like={7 * number}"
            first.append(shown(page, address))
            again.append(shown(page, address))
    return first[1:], again[1:]  # the very first one has the small pictures made


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server whose one gallery is that of the photographs."""
    photographs, network, data = folder / "photographs", folder / "network.onnx", folder / "data"
    photographs.mkdir()
    write_photographs(photographs)
    run(ROOT / "benchmarks" / "extract_network.py", "mobilenetv2_1.0", network)
    told = {**os.environ, "WEB_DATA": str(data), "PYTHONPATH": str(ROOT), **SIGN_IN}
    added = ("--images", photographs, "--model", network, "--image-size=224", "--name=Photographs")
    run(ROOT / "scripts" / "gallery.py", "add", "--data", data, *added, env={**told, "WEB_WORK": "0"})
    run("-m", "web.manage", "createsuperuser", "--noinput", "--email=", env=told)
    command = [sys.executable, str(ROOT / "scripts" / "serve.py"), "--data", str(data), "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=told) as server:
        try:
            yield next(line.strip().rstrip("/") for line in server.stdout or () if line.startswith("http"))
        finally:
            server.terminate()


def run(*words: object, env: dict[str, str] | None = None) -> None:
    """A Python command, which must succeed."""
    subprocess.run([sys.executable, *map(str, words)], check=True, env=env, stdout=subprocess.DEVNULL)


def tell(case: str, times: list[float]) -> verdicts.Verdict:
    """Print the line of a case."""
    found = verdicts.interval(times)
    facts = {"at_most": BAR, "ours": round(found.middle, 1), "low": round(found.low, 1), "high": round(found.high, 1)}
    return verdicts.tell(case, verdicts.judge(found, at_most=BAR), **facts, rounds=len(times), pictures=FILES)


def main() -> None:
    """Print one JSON line a case and the verdict."""
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as server, sync_playwright() as playwright:
        # The system's own browser where there is one, else that which `playwright install chromium` fetched.
        path = next((place for place in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(place).exists()), None)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        first, again = rounds(browser, server)
        browser.close()
    case = f"a grid of {TILES} in the browser, ms"
    verdicts.finish([tell(f"{case}, none seen before", first), tell(f"{case}, seen before", again)])


if __name__ == "__main__":
    main()
