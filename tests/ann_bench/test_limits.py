"""A child that crashes, hangs, eats memory or leaves without a word is told apart, and never outlives the call."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from ann_bench import limits

ROOT = Path(__file__).resolve().parents[2]


def events(code: str, *, seconds: float = 20, memory: int = 10**9) -> list[dict]:
    head = f"import sys, os, time, signal\nsys.path.insert(0, {str(ROOT)!r})\nfrom ann_bench.limits import Reporter\n"
    command = [sys.executable, "-c", f"{head}report = Reporter(int(sys.argv[-1]))\n{textwrap.dedent(code)}"]
    return list(limits.run(command, "the job", seconds=seconds, memory=memory))


def test_events_come_in_their_order():
    found = events("report('begun', job=sys.stdin.read()); print('noise'); report('half', n=3); report('done')")
    assert found == [{"event": "begun", "job": "the job"}, {"event": "half", "n": 3}]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crashed with SIGSEGV"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "where memory runs out"),
        ("sys.exit('the graph is broken')", "exit code 1: the graph is broken"),
        ("raise ValueError('odd')", "ValueError: odd"),
        ("pass", "exit code 0"),
        ("os.write(2, bytes([255, 254])); sys.exit(3)", "exit code 3"),
    ],
)
def test_an_early_end_says_why(code, reason):
    with pytest.raises(limits.Ended, match=reason):
        events(code)


def test_a_hanging_child_is_ended():
    start = time.monotonic()
    with pytest.raises(limits.Ended, match="limit of 0.5 s"):
        events("report('begun'); time.sleep(60)", seconds=0.5)
    assert time.monotonic() - start < 10


def test_progress_does_not_stretch_the_time():
    with pytest.raises(limits.Ended, match="limit of 0.5 s"):
        events("while True: report('progress'); time.sleep(0.05)", seconds=0.5)


def test_a_child_that_eats_memory_is_ended():
    with pytest.raises(limits.Ended, match="held .* of memory, the limit is 150 MB"):
        events("kept = []\nwhile True: kept.append(b'x' * 10**7); time.sleep(0.01)", memory=150 * 10**6)


def test_what_its_children_hold_counts_too_and_they_end_with_it(tmp_path):
    code = f"""
    import subprocess
    hungry = "import time; kept = b'x' * 3 * 10**8; time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", hungry])
    open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
    time.sleep(60)
    """
    with pytest.raises(limits.Ended, match="of memory"):
        events(code, memory=2 * 10**8)
    pid = int((tmp_path / "pid").read_text())
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().split()[2] == "Z":
            break
        time.sleep(0.05)
    else:
        pytest.fail("the grandchild is still there")


def test_mapped_files_do_not_count(tmp_path):
    (tmp_path / "big").write_bytes(bytes(3 * 10**8))
    code = f"""
    import mmap
    with open({str(tmp_path / "big")!r}, "rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for place in range(0, len(mapped), 4096): mapped[place]
    time.sleep(0.3)
    report('done')
    """
    assert events(code, memory=2 * 10**8) == []


def test_the_peak_is_seen_and_forgotten():
    limits.forget_peak()
    before = limits.peak()
    kept = b"x" * 200_000_000
    during = limits.peak()
    del kept
    assert during > before + 190_000_000
    limits.forget_peak()
    assert limits.peak() < during - 150_000_000
    assert limits.resident(os.getpid()) > 1_000_000


def test_a_worker_dies_with_its_parent():
    code = "import os, sys, time; sys.path.insert(0, sys.argv[1]); from ann_bench import limits\n"
    code += "limits.die_with_parent(); print('ready', flush=True); time.sleep(60)"
    middle = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {code!r}, {str(ROOT)!r}]); "
    middle += "print(p.pid, flush=True); p.wait()"
    parent = subprocess.Popen([sys.executable, "-c", middle], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline().strip() == "ready"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().split()[2] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the worker is still there")
