"""Quiet: C libraries that decode say nothing on the terminal meanwhile.

libjpeg (in OpenCV) and libtiff (in Pillow) print what they find wrong with a file to C's ``stderr``, and have no switch
that reaches us. That variable, not file descriptor 2, is turned to /dev/null as long as any thread decodes: what Python
itself writes, progress bars and logs, and what C++ writes, is not lost.
"""

import ctypes
import os
import threading


class _Quiet:
    """A context that threads share and that may be entered again: the last one out turns C's ``stderr`` back."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        try:
            library = ctypes.CDLL(None)
            self._stream = ctypes.c_void_p.in_dll(library, "stderr")
            library.fopen.restype = ctypes.c_void_p
            self._null = library.fopen(os.devnull.encode(), b"w")
        except (AttributeError, OSError, TypeError, ValueError):  # no glibc: the libraries speak
            self._null = None
        else:
            self._loud = self._stream.value
            os.register_at_fork(after_in_child=self._start_again)

    def _start_again(self) -> None:
        """In a child process no other thread is left that would turn it back or free the lock."""
        self._lock, self._inside = threading.Lock(), 0
        self._stream.value = self._loud

    def __enter__(self) -> None:
        if self._null:
            with self._lock:
                self._inside += 1
                self._stream.value = self._null

    def __exit__(self, *_: object) -> None:
        if self._null:
            with self._lock:
                self._inside -= 1
                if not self._inside:
                    self._stream.value = self._loud


quiet = _Quiet()
