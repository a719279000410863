"""A child process that reports what it does, and is killed where it takes too much time or memory."""

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from ann_bench.units import in_bytes, in_time

_GLANCE = 0.05  # seconds between two looks at a child's memory
# Where cgroups are, and their files: the limit, what is used, and the lines of memory.stat that can be dropped.
_CGROUP_V1 = (
    "sys/fs/cgroup/memory",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    ("total_inactive_file", "total_active_file"),
)
_CGROUP_V2 = ("sys/fs/cgroup", "memory.max", "memory.current", ("inactive_file", "active_file"))
_TOLD = 1.0  # seconds between two words to whoever watches
_LAST_WORDS = 300  # characters of what a child complained about that are worth keeping


class Ended(Exception):
    """The child ended, or was ended, before it was done: one line saying why."""


def run(
    command: Sequence[str], job: str, *, seconds: float, memory: int, watch: Callable[[float], None] | None = None
) -> Iterator[dict[str, Any]]:
    """Start ``command``, give it ``job`` to read, and yield the events that it reports until the one called "done".

    seconds : the longest that it may take from one event to the next; those called "progress" do not count
    memory : bytes that it may hold, besides files that it has mapped (those the system can drop)
    watch : told once a second for how many the child has been running

    The child reads its job from stdin, and finds the number of the pipe for its Reporter as its last argument. Neither
    it nor what it has started outlives this call. Raises Ended where it crashed, was killed, reported what is no event
    or did not keep to the limits.
    """
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as pipe, tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as complaints:
        told.write(job.encode())
        told.seek(0)
        child = subprocess.Popen(
            [*command, str(writing)],
            pass_fds=[writing],
            stdin=told,
            stdout=complaints,
            stderr=complaints,
            start_new_session=True,  # Ctrl-C is the sweep's to handle
        )
        os.close(writing)
        try:
            for event in _events(child, pipe.fileno(), seconds, memory, watch or (lambda _: None)):
                if event["event"] == "done":
                    return
                yield event
            raise Ended(_ending(child, complaints))
        finally:
            _kill(child)


def _events(
    child: subprocess.Popen, pipe: int, seconds: float, memory: int, watch: Callable[[float], None]
) -> Iterator[dict[str, Any]]:
    """What the child reports until it ends; raises Ended where a limit is passed."""
    begun = since = told = time.monotonic()
    left, closed = b"", False
    while True:
        dead = child.poll() is not None  # asked before the pipe is read, so that its last words are in there
        if dead and (closed or not _ready(pipe, 0)):
            return  # whoever else may hold the pipe open
        if closed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_GLANCE)
        elif _ready(pipe, _GLANCE):
            chunk = os.read(pipe, 1 << 16)
            closed = not chunk
            *lines, left = (left + chunk).split(b"\n")
            for event in map(_event, lines):
                since = since if event["event"] == "progress" else time.monotonic()
                yield event
        now = time.monotonic()
        if now - since > seconds:
            raise Ended(f"took longer than the limit of {in_time(seconds)}; --timeout=SECONDS sets another")
        if now - told >= _TOLD:
            told = now
            watch(now - begun)
        held = resident(child.pid)
        if held > memory:
            raise Ended(f"held {in_bytes(held)} of memory, the limit is {in_bytes(memory)} (--memory)")


def _ready(pipe: int, seconds: float) -> bool:
    return bool(select.select([pipe], [], [], seconds)[0])


def _event(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:
        event = None
    if not isinstance(event, dict) or "event" not in event:
        raise Ended(f"reported what is no event: {line[:_LAST_WORDS].decode(errors='replace')!r}")
    return event


def _ending(child: subprocess.Popen, complaints: Any) -> str:
    """Why a child that nobody ended is no longer there."""
    code = child.wait()
    complaints.seek(0)
    words = complaints.read().decode(errors="replace").strip().splitlines()
    said = f": {' '.join(words[-1].split())[-_LAST_WORDS:]}" if words else ""
    if code >= 0:
        return f"ended with exit code {code}{said}"
    name = signal.Signals(-code).name
    hint = ", which the system sends where memory runs out" if -code == signal.SIGKILL else ""
    return f"crashed with {name}{hint}{said}"


def _kill(child: subprocess.Popen) -> None:
    """End the child and whatever it has started: its session, also where it is gone itself, and those that left it."""
    family = _family(child.pid) if child.poll() is None else []
    for kill, pid in [(os.killpg, child.pid), *((os.kill, pid) for pid in family)]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)
    child.wait()


def _family(pid: int) -> list[int]:
    """A process and its descendants, cheaply: this is asked for twenty times a second while others are timed."""
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # a thread, or the whole process, ended meanwhile
        lists = []
    return [pid, *(one for text in lists for child in text.split() for one in _family(int(child)))]


def resident(pid: int) -> int:
    """Bytes that a process and its descendants hold, shared or swapped ones as well, without files they have mapped.

    Files of a file system in memory (/dev/shm) count, where they are mapped: they cannot be dropped.
    """
    sizes = (_status(one) for one in _family(pid))
    return sum(size.get(name, 0) for size in sizes for name in ("RssAnon", "RssShmem", "VmSwap"))


def available(root: Path = Path("/")) -> int:
    """Bytes that may still be used: what the machine has left, or the cgroups of this process, whichever is less.

    root : where proc and sys are looked for
    """
    return min([psutil.virtual_memory().available, *_left_by_cgroups(root)])


def _left_by_cgroups(root: Path) -> Iterator[int]:
    """What each cgroup around this process has left; files that the system only remembers count as free."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        lines = []
    for _, controllers, path in (line.split(":", 2) for line in lines):
        if controllers and "memory" not in controllers.split(","):
            continue
        mount, most, now, kept = _CGROUP_V1 if controllers else _CGROUP_V2
        inside = Path(path.lstrip("/"))  # in a container it may be the host's, and not be there
        for folder in (root / mount / part for part in (inside, *inside.parents)):
            with contextlib.suppress(OSError, ValueError):  # ValueError: "max" is no limit
                left = int((folder / most).read_text()) - int((folder / now).read_text())
                yield max(0, left + _remembered(folder / "memory.stat", kept))


def _remembered(path: Path, names: Sequence[str]) -> int:
    pairs = (line.split() for line in path.read_text().splitlines()) if path.is_file() else ()
    return sum(int(value) for name, value in pairs if name in names)


def peak(pid: int | None = None) -> int:
    """The most bytes that this process (or ``pid``) and its descendants held since ``forget_peak``.

    Mapped files are counted, as far as they were resident.
    """
    return sum(_status(one).get("VmHWM", 0) for one in _family(pid or os.getpid()))


def forget_peak() -> None:
    """Let ``peak`` begin anew; does nothing where the system cannot (it is Linux that can)."""
    for pid in _family(os.getpid()):
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/clear_refs").write_text("5")


def trim() -> None:
    """Give memory that is free back to the system, so that what is held next is seen; where there is a way (glibc)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _status(pid: int) -> dict[str, int]:
    """The sizes in /proc/<pid>/status in bytes; what psutil knows where there is no such file."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return _status_elsewhere(pid)
    pairs = (line.split(":", 1) for line in lines if line.endswith(" kB"))
    return {name: int(value.split()[0]) * 1024 for name, value in pairs}


def _status_elsewhere(pid: int) -> dict[str, int]:
    try:
        held = psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        held = 0
    return {"RssAnon": held, "VmHWM": held}


class Reporter:
    """The child's end of the pipe."""

    def __init__(self, pipe: int) -> None:
        self._pipe = os.fdopen(pipe, "w", buffering=1)

    def __call__(self, event: str, **facts: object) -> None:
        """Report one event."""
        self._pipe.write(json.dumps({"event": event, **facts}) + "\n")
