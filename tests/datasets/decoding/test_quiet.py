"""Quiet: what C prints is lost as long as a thread decodes, and only then; what Python prints is not lost."""

import subprocess
import sys

PROGRAM = """
import ctypes, sys, threading
from datasets.decoding.quiet import quiet

library = ctypes.CDLL(None)

def say(text):
    stream = ctypes.c_void_p.in_dll(library, "stderr")
    library.fputs(text, stream)
    library.fflush(None)

say(b"before ")
inside, leave = threading.Event(), threading.Event()

def decode():
    with quiet:
        inside.set()
        leave.wait()

thread = threading.Thread(target=decode)
thread.start()
inside.wait()
with quiet:
    with quiet:
        say(b"lost ")
    say(b"lost ")
say(b"lost, another thread decodes ")
print("python ", end="", file=sys.stderr, flush=True)
leave.set()
thread.join()
try:
    with quiet:
        raise ValueError
except ValueError:
    say(b"after")
"""


def test_only_c_is_quiet_and_only_meanwhile():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "before python after")
