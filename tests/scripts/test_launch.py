"""scripts/launch.py: all processes end with the first that fails, and a cluster that is killed goes on."""

import json
import os
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from embedding.mx import nd

LAUNCH = [sys.executable, str(Path(__file__).resolve().parents[2] / "scripts" / "launch.py")]

# What all processes of a small cluster run: each leaves its number, one worker is the first, and all wait.
SCRIPT = """
import os, pathlib, signal, sys, time
here = pathlib.Path(__file__).parent
(here / f"pid{os.getpid()}").touch()
role = os.environ["DMLC_ROLE"]
try:
    first = role == "worker" and not (here / "first").mkdir()
except FileExistsError:
    first = False
"""


def launch(tmp_path, body: str, *flags: str) -> subprocess.Popen:
    (tmp_path / "script.py").write_text(SCRIPT + body)
    command = [*LAUNCH, *flags, "--", str(tmp_path / "script.py")]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=mind_interrupts
    )


def mind_interrupts() -> None:
    """Undo what a shell does to its jobs in the background: they do not hear Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(cluster: subprocess.Popen, tmp_path, processes: int = 4) -> list[str]:
    """The lines of stderr of a cluster of which no process is left."""
    _, complaint = cluster.communicate(timeout=60)
    numbers = [int(path.name[3:]) for path in tmp_path.glob("pid*")]
    assert len(numbers) == processes
    for number in numbers:
        with pytest.raises(ProcessLookupError):
            os.kill(number, 0)
    return complaint.splitlines()


WAIT_FOR_ALL = "while len(list(here.glob('pid*'))) < 4: time.sleep(0.01)\n"


def test_a_cluster_ends_when_its_workers_have(tmp_path):
    cluster = launch(tmp_path, "print(role)", "--workers=3", "--servers=2")
    assert ended(cluster, tmp_path, processes=6) == []
    assert cluster.returncode == 0


def test_each_process_knows_the_cluster(tmp_path):
    names = "('NUM_WORKER', 'NUM_SERVER', 'PS_ROOT_URI')"
    body = f"sys.stdout.write(' '.join(os.environ['DMLC_' + name] for name in {names}) + '\\n')"
    out, _ = launch(tmp_path, body, "--workers=3", "--servers=2").communicate(timeout=60)
    assert out.splitlines() == ["3 2 127.0.0.1"] * 3  # scheduler and servers are not shown


@pytest.mark.parametrize("code", [1, 2])
def test_the_first_failing_worker_gives_the_exit_code_and_stops_the_others(tmp_path, code):
    body = f"if first: print('error: one line', file=sys.stderr); sys.exit({code})\ntime.sleep(60)"
    cluster = launch(tmp_path, WAIT_FOR_ALL + body)
    assert ended(cluster, tmp_path) == ["error: one line"]
    assert cluster.returncode == code


def test_what_all_workers_have_to_say_is_said_once(tmp_path):
    body = "if role == 'worker': sys.exit(print('error: one line', file=sys.stderr) or 2)\ntime.sleep(60)"
    cluster = launch(tmp_path, WAIT_FOR_ALL + body)
    assert ended(cluster, tmp_path) == ["error: one line"]
    assert cluster.returncode == 2


@pytest.mark.parametrize("role", ["worker", "server", "scheduler"])
def test_a_process_that_is_killed_ends_all_within_seconds(tmp_path, role):
    body = f"if role == {role!r} and (first or role != 'worker'): os.kill(os.getpid(), 9)\ntime.sleep(60)"
    start = time.monotonic()
    cluster = launch(tmp_path, WAIT_FOR_ALL + body)
    assert ended(cluster, tmp_path)[-1].startswith(f"error: signal 9 ended {role} process ")
    assert cluster.returncode == 128 + signal.SIGKILL
    assert time.monotonic() - start < 30


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_the_launcher_stops_all(tmp_path, sent, code):
    cluster = launch(tmp_path, WAIT_FOR_ALL + "(here / 'ready').touch()\ntime.sleep(60)")
    wait_for(lambda: (tmp_path / "ready").exists(), cluster)
    cluster.send_signal(sent)
    lines = ended(cluster, tmp_path)
    assert cluster.returncode == code
    assert [line.split(";")[0] for line in lines] == (["interrupted"] if sent == signal.SIGINT else [])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--workers=0", "--", __file__], "--workers=0: must be above 0"),
        ([], "no training command; behind the launcher's flags, name one"),
        (["--workers=1", "--"], "no training command"),
        (["--", "nowhere.py"], "nowhere.py is no script"),
        (["train_margin.py"], "train_margin.py is no script"),
        (["--workers", "2", "train-margn", "--kvstore=dist_sync"], "train-margn is no script"),
        (["--worker=2", __file__], "unknown flag --worker: did you mean --workers?"),
    ],
)
def test_mistakes_are_one_line(words, told):
    done = subprocess.run([*LAUNCH, *words], capture_output=True, text=True)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert told in done.stderr


COMMAND = ["train.py", "--kvstore=dist_sync", "--workers=1"]


@pytest.mark.parametrize(
    ("words", "own"),
    [
        (["--workers=2", *COMMAND], ["--workers=2"]),
        (["--workers=2", "--", *COMMAND], ["--workers=2"]),
        (["--workers", "2", "--servers", "1", *COMMAND], ["--workers", "2", "--servers", "1"]),
        (["--", *COMMAND], []),
        (COMMAND, []),
    ],
)
def test_the_command_begins_where_the_launcher_s_flags_end(words, own, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(LAUNCH[1]).parent))
    assert runpy.run_path(LAUNCH[1])["split"](words) == (own, COMMAND)


def test_a_command_s_own_dashes_stay(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(LAUNCH[1]).parent))
    assert runpy.run_path(LAUNCH[1])["split"](["a.py", "--", "b"]) == ([], ["a.py", "--", "b"])


def test_flags_of_a_command_without_dashes_are_its_own(tmp_path):
    (tmp_path / "script.py").write_text("import sys; print(sys.argv[1:])")
    command = [*LAUNCH, "--workers", "1", str(tmp_path / "script.py"), "--kvstore=dist_sync", "x"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "['--kvstore=dist_sync', 'x']\n"), done.stderr


def test_a_command_by_its_name():
    done = subprocess.run([*LAUNCH, "--workers=1", "bench", "list"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("photo_sift") == 1


def wait_for(there, cluster: subprocess.Popen) -> None:
    end = time.monotonic() + 200
    while not there():
        assert cluster.poll() is None, cluster.communicate()
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def small_cluster(small_run) -> list[str]:
    """The small run by two workers, each with two classes of every batch."""
    flags = ["--kvstore=dist_device_sync", "--batch-k=3", "--validation=0"]
    return [*LAUNCH, "--", *small_run[1:], *flags]


def test_a_killed_cluster_ends_with_the_same_weights(small_cluster, tmp_path):
    done = subprocess.run([*small_cluster, "--name=whole"], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("epoch")] == [
        f"epoch {number}" for number in (1, 2, 3, 4)
    ]
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    command = [*small_cluster, "--name=killed"]
    cluster = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    wait_for((killed / "last" / "state.json").exists, cluster)
    os.killpg(cluster.pid, signal.SIGKILL)
    cluster.wait()
    kept = json.loads((killed / "last" / "state.json").read_text())["epoch"]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    if kept < 4:
        assert f"going on after epoch {kept}" in (killed / "log.txt").read_text()
    found, wanted = (nd.load(str(folder / "last" / "net.params")) for folder in (killed, whole))
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        np.testing.assert_array_equal(found[name].asnumpy(), values.asnumpy(), err_msg=name)
