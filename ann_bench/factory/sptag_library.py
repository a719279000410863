"""SPTAG's libraries by ctypes: its Python module is for Python 3.9 only, the libraries beside it are for any."""

import ctypes
import functools
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

# The results of a search, as the library lays them out: id, distance, and 32 bytes of metadata, which stay empty.
RESULT = np.dtype({"names": ["id", "distance"], "formats": ["i4", "f4"], "offsets": [0, 4], "itemsize": 40})
NOTHING = np.zeros((), RESULT)
NOTHING["id"], NOTHING["distance"] = -1, np.finfo(np.float32).max  # the library finds what is nearer than this

# By name: what it gives, and what it takes; h is an index, s a text, b bytes with their number, i a number.
_CALLS = {
    "new_AnnIndex__SWIG_1": "h ssi",
    "AnnIndex_SetBuildParam": "- hsss",
    "AnnIndex_SetSearchParam": "- hsss",
    "AnnIndex_Build": "i hbii",
    "AnnIndex_Add": "i hbii",
    "AnnIndex_Save": "i hs",
    "AnnIndex_Load": "h s",
    "delete_AnnIndex": "- h",
}
# For C++, without an allocation for every neighbor: of VectorIndex, (rows, their number, k, metadata, results).
_SEARCH = "_ZNK5SPTAG11VectorIndex11SearchIndexEPKviibPNS_11BasicResultE"
_DELETE = "_ZN5SPTAG3{}5IndexIfE11DeleteIndexERKi"


class _Bytes(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_uint64))


_TYPES = {"h": ctypes.c_void_p, "s": ctypes.c_char_p, "b": _Bytes, "i": ctypes.c_int, "-": None}


@functools.cache
def _loaded() -> tuple[ctypes.CDLL, ctypes.CDLL]:
    """The library, and its functions for C; each needs those before it."""
    spec = importlib.util.find_spec("sptag")
    folder = Path(next(iter(spec.submodule_search_locations)))
    ctypes.CDLL(str(folder / "libzstd.so"), ctypes.RTLD_GLOBAL)
    library = ctypes.CDLL(str(folder / "libSPTAGLib.so"), ctypes.RTLD_GLOBAL)
    search = getattr(library, _SEARCH)  # the same object each time, otherwise than library[_SEARCH]
    search.argtypes = [ctypes.c_void_p] * 2 + [ctypes.c_int] * 2 + [ctypes.c_bool, ctypes.c_void_p]
    return library, ctypes.CDLL(str(folder / "libCSHARPSPTAG.so"))


def _call(name: str, *arguments: Any) -> Any:
    function = _loaded()[1][f"CSharp_{name}"]
    gives, _, takes = _CALLS[name].partition(" ")
    function.restype, function.argtypes = _TYPES[gives], [_TYPES[kind] for kind in takes]
    return function(*arguments)


def _bytes_of(rows: np.ndarray) -> _Bytes:
    return _Bytes(rows.ctypes.data, rows.nbytes)


def set_threads(threads: int) -> None:
    """Of this thread's batch searches."""
    _loaded()[0].omp_set_num_threads(threads)


class Graph:
    """An index of SPTAG's own over float32 rows; RuntimeError where the library gives up."""

    def __init__(self, kind: str, handle: int) -> None:
        self.kind, self._handle = kind, handle
        # A pointer to the C interface's index, whose first member points to the library's.
        self._index: int = 0
        library, _ = _loaded()
        self._search, self._delete = getattr(library, _SEARCH), getattr(library, _DELETE.format(kind))
        self._delete.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)]

    @staticmethod
    def new(kind: str, dim: int, settings: Mapping[str, object]) -> "Graph":
        """An empty one."""
        graph = Graph(kind, _call("new_AnnIndex__SWIG_1", kind.encode(), b"Float", dim))
        for name, value in settings.items():
            _call("AnnIndex_SetBuildParam", graph._handle, name.encode(), str(value).encode(), b"Index")
        return graph

    @staticmethod
    def load(kind: str, path: Path) -> "Graph":
        """One that was saved."""
        handle = _call("AnnIndex_Load", str(path).encode())
        graph = Graph(kind, handle)
        graph._find_index()
        return graph

    def _find_index(self) -> None:
        pointers = ctypes.POINTER(ctypes.c_void_p)
        inner = ctypes.cast(self._handle, pointers)[0] if self._handle else None
        self._index = (ctypes.cast(inner, pointers)[0] if inner else None) or 0
        if not self._index:
            raise RuntimeError("SPTAG cannot read what is there")

    def add(self, rows: np.ndarray, *, unit: bool) -> None:
        """Build over the first rows (n, D), append others; unit : whether they are of length 1."""
        name = "AnnIndex_Add" if self._index else "AnnIndex_Build"
        if not _call(name, self._handle, _bytes_of(rows), len(rows), int(unit)):
            raise RuntimeError(f"SPTAG could not {'add' if self._index else 'build'} it")
        self._find_index()

    def remove(self, row: int) -> None:
        """By its number, as it was added."""
        if self._delete(self._index, ctypes.byref(ctypes.c_int(row))):
            raise RuntimeError(f"SPTAG could not remove row {row}")

    def save(self, path: Path) -> None:
        """A folder of its files."""
        if not _call("AnnIndex_Save", self._handle, str(path).encode()):
            raise RuntimeError(f"SPTAG could not save to {path}")

    def tune(self, name: str, value: int) -> None:
        """A parameter of the search."""
        _call("AnnIndex_SetSearchParam", self._handle, name.encode(), str(value).encode(), b"Index")

    def find(self, queries: np.ndarray, k: int) -> np.ndarray:
        """RESULT (n, k), nearest first."""
        found = np.full((len(queries), k), NOTHING)
        place = queries.__array_interface__["data"][0]
        self._search(self._index, place, len(queries), k, False, found.__array_interface__["data"][0])
        return found

    def __del__(self) -> None:
        """Give back what it holds."""
        if self._handle:
            _call("delete_AnnIndex", self._handle)
