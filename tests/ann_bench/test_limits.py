"""A child that crashes, hangs, eats memory or leaves without a word is told apart, and never outlives the call."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from ann_bench import limits

ROOT = Path(__file__).resolve().parents[2]


def events(code: str, *, seconds: float = 20, memory: int = 10**9, watch=None) -> list[dict]:
    head = f"import sys, os, time, signal\nsys.path.insert(0, {str(ROOT)!r})\nfrom ann_bench.limits import Reporter\n"
    command = [sys.executable, "-c", f"{head}report = Reporter(int(sys.argv[-1]))\n{textwrap.dedent(code)}"]
    return list(limits.run(command, "the job", seconds=seconds, memory=memory, watch=watch))


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


def test_a_child_that_closes_its_pipe_and_stays_is_ended():
    start = time.monotonic()
    with pytest.raises(limits.Ended, match="limit of 0.5 s"):
        events("os.close(int(sys.argv[-1])); time.sleep(60)", seconds=0.5)
    assert time.monotonic() - start < 10


def is_gone(pid: int) -> bool:
    """Whether a process ends within five seconds."""
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().split()[2] == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("say", ["", "report('done')"])
def test_a_dead_child_is_noticed_though_another_holds_its_pipe(tmp_path, say):
    code = f"""
    import subprocess
    child = subprocess.Popen(["sleep", "60"], pass_fds=[int(sys.argv[-1])])
    open({str(tmp_path / "pid")!r}, "w").write(str(child.pid))
    report("half"); {say}
    os._exit(5)
    """
    start = time.monotonic()
    if say:
        assert events(code) == [{"event": "half"}]
    else:
        with pytest.raises(limits.Ended, match="exit code 5"):
            events(code)
    assert time.monotonic() - start < 10
    assert is_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("line", ["Segmentation fault", "[1, 2]", '{"n": 1}', "\udcff"])
def test_what_is_no_event_ends_the_child(line):
    code = f"os.write(int(sys.argv[-1]), {line!r}.encode('utf-8', 'surrogateescape') + bytes([10])); time.sleep(60)"
    with pytest.raises(limits.Ended, match="reported what is no event: "):
        events(code)


def test_who_watches_is_told_how_long_it_has_been_running(monkeypatch):
    monkeypatch.setattr(limits, "_TOLD", 0.2)
    told = []
    code = "import time\nfor _ in range(14): report('progress'); time.sleep(0.1)\nreport('done')"
    assert len(events(code, watch=told.append)) == 14
    assert len(told) >= 3 and told == sorted(told) and 0.2 <= told[0] < told[-1]


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
    assert is_gone(int((tmp_path / "pid").read_text()))


def test_memory_that_is_shared_counts_too():
    code = "import mmap\nkept = mmap.mmap(-1, 3 * 10**8)\nkept.write(bytes(3 * 10**8))\ntime.sleep(60)"
    with pytest.raises(limits.Ended, match="of memory"):
        events(code, memory=2 * 10**8)


def test_what_was_swapped_counts(monkeypatch):
    sizes = {"RssAnon": 1, "RssShmem": 20, "VmSwap": 300, "RssFile": 4000, "VmHWM": 50_000}
    monkeypatch.setattr(limits, "_status", lambda pid: sizes)
    assert limits.resident(os.getpid()) == 321


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


def cgroup(root: Path, folder: str, **files: object) -> None:
    """Write the files of a cgroup; a name's first _ stands for a point."""
    (root / "sys/fs/cgroup" / folder).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (root / "sys/fs/cgroup" / folder / name.replace("_", ".", 1)).write_text(f"{content}\n")


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """The root of a machine with 9,000 bytes left, where this process is in a cgroup of each version."""
    monkeypatch.setattr(limits.psutil, "virtual_memory", lambda: SimpleNamespace(available=9000))
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("4:cpu,memory:/job/1\n3:cpuset:/\n1:name=systemd:/\n0::/user/me\n")
    return tmp_path


def test_what_is_available_without_a_limit(root, tmp_path):
    assert limits.available(root) == limits.available(tmp_path / "nowhere") == 9000
    cgroup(root, "user/me", memory_max="max", memory_current=10**6)
    cgroup(root, "memory/job/1", memory_limit_in_bytes=2**63 - 4096, memory_usage_in_bytes=10**6)
    assert limits.available(root) == 9000


def test_this_machine_has_memory_left():
    assert 0 < limits.available() <= psutil.virtual_memory().total


def test_what_a_cgroup_leaves(root):
    cgroup(root, "user", memory_max=8000, memory_current=7000, memory_stat="anon 10\nactive_file 500\ninactive_file 70")
    assert limits.available(root) == 1570  # files that were read and are remembered are free
    cgroup(root, "user/me", memory_max=5000, memory_current=4000)
    assert limits.available(root) == 1000
    cgroup(root, "memory", memory_limit_in_bytes=900, memory_usage_in_bytes=100)  # as a container sees its own
    assert limits.available(root) == 800
    stat = "inactive_file 5\ntotal_inactive_file 30\ntotal_active_file 4"
    cgroup(root, "memory/job/1", memory_limit_in_bytes=700, memory_usage_in_bytes=600, memory_stat=stat)
    assert limits.available(root) == 134
    cgroup(root, "user/me", memory_max=5000, memory_current=5100)
    assert limits.available(root) == 0


def test_a_worker_whose_parent_is_gone_ends_at_once():
    code = "import os, sys; sys.path.insert(0, sys.argv[1]); from datasets.cluster import parent\n"
    code += "parent.die_with_parent(); parent.die_with_parent(os.getppid()); print('with it', flush=True)\n"
    code += "parent.die_with_parent(os.getpid()); print('without')"
    found = subprocess.run([sys.executable, "-c", code, str(ROOT)], capture_output=True, text=True)
    assert (found.returncode, found.stdout) == (1, "with it\n")


def test_a_worker_dies_with_its_parent():
    code = "import os, sys, time; sys.path.insert(0, sys.argv[1]); from datasets.cluster import parent\n"
    code += "parent.die_with_parent(); print('ready', flush=True); time.sleep(60)"
    middle = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {code!r}, {str(ROOT)!r}]); "
    middle += "print(p.pid, flush=True); p.wait()"
    parent = subprocess.Popen([sys.executable, "-c", middle], stdout=subprocess.PIPE, text=True)
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline().strip() == "ready"
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert is_gone(pid)


def test_free_memory_is_given_back():
    held = [bytes(1000) for _ in range(200_000)]
    with_them = limits.resident(os.getpid())
    del held
    limits.trim()
    assert limits.resident(os.getpid()) < with_them - 100_000_000
