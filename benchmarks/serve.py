"""The search page as it is served: what a query costs beside its embedding, many clients, memory, opening, a restart.

python benchmarks/serve.py           100,000 pictures of 512 numbers, 60 s of 16 clients, 10,000 queries; 10 minutes
python benchmarks/serve.py --quick   a part of the work, to see that it runs

scripts/serve.py serves on this machine, and real JPEG files are sent to it over loopback by the JSON API. The network
is a MobileNetV2 and a GRU of random weights, which take as long as trained ones. Prints one JSON line a case and a
verdict last; exits with code 1 where a bar is missed.

Times of a query are of one client, one after the other, from the request to the answer's last byte; what of them is
decoding and the network is timed in this process, in turns. The 16 clients are this process, on the same cores as the
server; what they get is held against the images/s that decoding and the network make alone there.
"""

import contextlib
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import serve_setup
import verdicts
from verdicts import Verdict

ROOT = Path(__file__).resolve().parents[1]
QUICK = "--quick" in sys.argv
PICTURES = 30_000 if QUICK else 100_000
COUNT, JSON = 10, "application/json"  # hits of an answer, as many as the API gives where nobody says
QUERIES, LONG = (30, 300) if QUICK else (200, 10_000)
CLIENTS, SECONDS, ROUNDS = 16, 12 if QUICK else 60, 6
BESIDE_MS, SENTENCE_MS, LARGE_MS = 6, 15, 60  # at most
SHARE = 0.7  # of the images/s of decoding and network alone, at least
OPEN_S, RESTART_S = 1, 5
GROWTH_MB = 30  # of the memory, over the queries that come after the first thousand
UNLIMITED = {"WEB_REQUESTS_A_MINUTE": "0", "WEB_UPLOADS_A_MINUTE": "0"}


@dataclass
class Client:
    """One connection that stays, to one server."""

    port: int
    token: str

    def __post_init__(self) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, path: str, body: bytes, kind: str) -> float:
        """Seconds to the answer's last byte; raises RuntimeError where it is none."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        start = time.perf_counter()
        self._line.request("POST", f"/api/v1/galleries/bench/{path}", body, headers)
        answer = self._line.getresponse()
        text = answer.read()
        took = time.perf_counter() - start
        if answer.status != 200 or len(json.loads(text)["hits"]) != COUNT:
            raise RuntimeError(f"{answer.status}: {text[:300]!r}")
        return took

    def picture(self, jpeg: bytes) -> float:
        """Search by a picture."""
        return self.ask(f"search/picture?count={COUNT}", jpeg, "image/jpeg")

    def sentence(self, text: str) -> float:
        """Search by a sentence."""
        return self.ask("search", json.dumps({"parts": [{"sentence": text}], "count": COUNT}).encode(), JSON)


@contextlib.contextmanager
def server(data: Path) -> Iterator[tuple[int, psutil.Process]]:
    """The port and the process of a server over ``data``, which is stopped at the end."""
    words = [sys.executable, str(ROOT / "scripts" / "serve.py"), f"--data={data}", "--port=0"]
    environment = os.environ | UNLIMITED | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            lines = iter(process.stdout.readline, "")
            port = next(int(found[1]) for line in lines if (found := re.search(r"http://127\.0\.0\.1:(\d+)/", line)))
            yield port, psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def one_client(client: Client, jpegs: list[bytes], large: bytes) -> list[Verdict]:
    """What a query costs, in milliseconds at the median; embedding is timed here, after each query, of its picture."""
    network = serve_setup.opened()
    for jpeg in jpegs[:10]:
        client.picture(jpeg)
        network.picture(jpeg, "x.jpg")
    client.sentence("a red car")
    queries, embedding = [], []
    for i in range(QUERIES):
        queries.append(client.picture(jpegs[i % len(jpegs)]))
        start = time.perf_counter()
        network.picture(jpegs[i % len(jpegs)], "x.jpg")
        embedding.append(time.perf_counter() - start)
    beside = [took - alone for took, alone in zip(queries, embedding, strict=True)]
    sentences = [client.sentence(f"a red car and {i} dogs play") for i in range(QUERIES)]
    larges = [client.picture(large) for _ in range(max(10, QUERIES // 5))]
    size = f"{PICTURES} pictures of {serve_setup.DIM} numbers"
    how = {"size": size, "embedding_ms": _ms(embedding), "query_ms": _ms(queries)}
    return [
        verdicts.figure("serve.beside_embedding_ms", _ms(beside), at_most=BESIDE_MS, **how),
        verdicts.figure("serve.sentence_ms", _ms(sentences), at_most=SENTENCE_MS, size=size),
        verdicts.figure("serve.12_megapixels_ms", _ms(larges), at_most=LARGE_MS, size=size),
    ]


def _ms(found: list[float]) -> float:
    return round(1e3 * statistics.median(found), 2)


def many_clients(port: int, token: str, jpegs: list[bytes], process: psutil.Process) -> list[Verdict]:
    """Images/s of clients that each ask again as soon as they have their answer, in turns with the network alone.

    Beside them what a query takes of a core, in the server, in its client and alone, which other work on the machine
    changes less than the images/s.
    """
    took: list[float] = []
    wrong: list[str] = []
    ratios, rates, cores = [], [], []
    for _ in range(ROUNDS):
        ours, before = _cores(psutil.Process()), len(took)
        rate = alone(jpegs, SECONDS / ROUNDS / 2)
        between, theirs = _cores(psutil.Process()), _cores(process)
        seconds = _crowd(port, token, jpegs, took, wrong)
        done = max(1, len(took) - before)
        its = (_cores(process) - theirs) / done, (_cores(psutil.Process()) - between) / done
        cores.append((*its, (between - ours) / (rate * SECONDS / ROUNDS / 2)))
        ratios.append((len(took) - before) / seconds / rate)
        rates.append(rate)
    how: dict[str, object] = {"images_s": round(len(took) / SECONDS, 1)}
    how |= {"alone_images_s": round(statistics.median(rates), 1)}
    names = ("server_core_ms", "client_core_ms", "alone_core_ms")
    how |= {name: _ms(list(part)) for name, part in zip(names, zip(*cores, strict=True), strict=True)}
    p99 = round(1e3 * sorted(took)[int(0.99 * len(took))], 1) if took else None
    size = f"{CLIENTS} clients, {SECONDS} s in {ROUNDS} parts, {len(took)} queries"
    ratio = round(statistics.median(ratios), 3)
    return [
        verdicts.figure("serve.many_clients", ratio, at_least=SHARE, size=size, **how, p99_ms=p99),
        verdicts.figure("serve.errors", len(wrong), at_most=0, size=size, first=wrong[:1]),
    ]


def _cores(process: psutil.Process) -> float:
    """Seconds of a core that a process has used."""
    used = process.cpu_times()
    return used.user + used.system


def _crowd(port: int, token: str, jpegs: list[bytes], took: list[float], wrong: list[str]) -> float:
    """Let them ask for a part of the time; the seconds until the last has its answer."""
    start = time.monotonic()

    def go(number: int) -> None:
        client, turn = Client(port, token), number
        while time.monotonic() < start + SECONDS / ROUNDS:
            try:
                took.append(client.picture(jpegs[turn % len(jpegs)]))
            except (RuntimeError, OSError, http.client.HTTPException) as error:
                wrong.append(str(error))
                client = Client(port, token)
            turn += CLIENTS

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(go, range(CLIENTS)))
    return time.monotonic() - start


def memory(process: psutil.Process, client: Client, jpegs: list[bytes]) -> Verdict:
    """Megabytes by which the server has grown over many queries, after the first of them."""
    for i in range(LONG // 10):
        client.picture(jpegs[i % len(jpegs)])
    before = process.memory_info().rss
    for i in range(LONG):
        client.picture(jpegs[i % len(jpegs)])
    grown = (process.memory_info().rss - before) / 1e6
    return verdicts.figure(
        "serve.memory_growth_mb", round(grown, 1), at_most=GROWTH_MB, size=f"{LONG} queries", mb=round(before / 1e6)
    )


def alone(jpegs: list[bytes], seconds: float) -> float:
    """Images/s of decoding and the network in this process, a picture a core."""
    network = serve_setup.opened()
    end, cores = time.monotonic() + seconds, len(os.sched_getaffinity(0))

    def go(number: int) -> int:
        done = 0
        while time.monotonic() < end:
            network.picture(jpegs[(number + done * cores) % len(jpegs)], "x.jpg")
            done += 1
        return done

    start = time.monotonic()
    with ThreadPoolExecutor(cores) as pool:
        return sum(pool.map(go, range(cores))) / (time.monotonic() - start)


def restart(data: Path, token: str, jpeg: bytes) -> Verdict:
    """Seconds from the start of a process to its first answer."""
    start = time.perf_counter()
    with server(data) as (port, _):
        Client(port, token).picture(jpeg)
        took = time.perf_counter() - start
    return verdicts.figure("serve.restart_s", round(took, 2), at_most=RESTART_S, size=f"{PICTURES} pictures")


def main() -> None:
    """Print a line for each, and the verdict."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "web"
        token = serve_setup.make(data, PICTURES)
        jpegs, large = serve_setup.photographs(48, (480, 360)), serve_setup.photographs(1, (4000, 3000))[0]
        found: list[Verdict] = []
        with server(data) as (port, process):
            client = Client(port, token)
            found += one_client(client, jpegs, large)
            found += many_clients(port, token, jpegs, process)
            found.append(memory(process, Client(port, token), jpegs))  # the other lay idle, and is closed by now
        found.append(restart(data, token, jpegs[0]))
        found.append(serve_setup.opening(Path(name), 100_000 if QUICK else 1_000_000, at_most=OPEN_S))
    verdicts.finish(found)


if __name__ == "__main__":
    main()
