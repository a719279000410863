"""Checkpoint files of PyTorch and safetensors, read into NumPy arrays without executing what is in them."""

import math
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np
from safetensors import deserialize

from datasets.errors import InputError
from datasets.files import pickled_arrays

# The flat storages of a file's tensors by key.
Storages = dict[str, np.ndarray]

_BFLOAT16 = "bfloat16"

# How element types are called by PyTorch's storages and in safetensors, and what NumPy calls them.
_STORAGES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": _BFLOAT16,
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
_SAFETENSORS = {"F32": "<f4", "F64": "<f8", "F16": "<f2", "BF16": _BFLOAT16, "I64": "<i8", "I32": "<i4"}
_SAFETENSORS |= {"I16": "<i2", "I8": "i1", "U8": "u1", "BOOL": "?"}


def read(path: str | Path) -> dict[str, np.ndarray]:
    """The arrays of a checkpoint by name: ``.safetensors``, or a ``.pth`` of ``torch.save`` (zip or the older format).

    A ``.pth`` is a pickle, which can ask for any Python function to be called: here only tensors are made. A
    dictionary under 'state_dict' or 'model' is unwrapped, a 'module.' before all names is dropped, bfloat16 becomes
    float32. Raises InputError for a file that is missing, damaged or holds more than tensors and arrays of NumPy.
    """
    return _told(path, lambda file: _state_dict(_read(file, safetensors=Path(path).suffix == ".safetensors")))


def contents(path: str | Path) -> Any:
    """All that a checkpoint holds, read as by ``read``: dictionaries, lists, numbers, words; tensors as arrays."""
    return _told(path, lambda file: _read(file, safetensors=Path(path).suffix == ".safetensors"))


def _told(path: str | Path, reading: Callable[[BinaryIO], Any]) -> Any:
    """What ``reading`` makes of a file; raises InputError, one line, whatever goes wrong."""
    try:
        with open(path, "rb") as file:
            return reading(file)
    except InputError as error:
        raise InputError(f"weights file {path} {error}") from None
    except OSError as error:
        raise InputError(f"weights file {path} cannot be read: {error.strerror or error}") from None
    except Exception as error:  # a damaged file can fail in any way that a pickle, a zip or a header can
        why = " ".join(str(error).split())[:200]
        raise InputError(f"weights file {path} is damaged or cut short ({type(error).__name__}: {why})") from None


def _read(file: BinaryIO, *, safetensors: bool) -> Any:
    if safetensors:
        return {
            name: _numbers(entry["data"], _SAFETENSORS[entry["dtype"]]).reshape(entry["shape"])
            for name, entry in deserialize(file.read())
        }
    start = file.read(2)
    file.seek(0)
    if start == b"PK":
        content, storages = _read_zip(file)
    elif start[:1] == b"\x80":
        content, storages = _read_legacy(file)
    else:
        raise InputError("is neither a .safetensors file nor a checkpoint of PyTorch (.pth, .pt)")
    return _plain(content, storages)


def _plain(content: object, storages: Storages) -> Any:
    """``content`` with NumPy arrays in place of what a pickle describes."""
    if isinstance(content, _Tensor):
        return content.view(storages[content.key])
    if isinstance(content, pickled_arrays.Array):
        return content.array
    if isinstance(content, dict):
        return {key: _plain(value, storages) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return type(content)(_plain(value, storages) for value in content)
    return content


class _Tensor:
    """A tensor as a pickle describes it: where it lies in which storage, in elements."""

    def __init__(self, key: str, offset: int, size: tuple[int, ...], stride: tuple[int, ...]) -> None:
        self.key, self.offset, self.size, self.stride = key, offset, size, stride

    def view(self, storage: np.ndarray) -> np.ndarray:
        """The tensor's elements in its flat ``storage``, not copied; raises ValueError where they do not lie in it."""
        if min((self.offset, *self.size, *self.stride), default=0) < 0 or len(self.size) != len(self.stride):
            raise ValueError("a tensor of impossible shape")
        last = self.offset + sum((n - 1) * step for n, step in zip(self.size, self.stride, strict=True))
        if math.prod(self.size) and last >= len(storage):
            raise ValueError("a tensor beyond the end of its storage")
        strides = [step * storage.itemsize for step in self.stride]
        return np.lib.stride_tricks.as_strided(storage[self.offset :], self.size, strides, writeable=False)


class _Unpickler(pickle.Unpickler):
    """Makes tensors, NumPy arrays and plain containers, and refuses whatever else a pickle names.

    ``dtypes`` are the element types of the storages by key.
    """

    def __init__(self, file: BinaryIO | IO[bytes]) -> None:
        super().__init__(file, encoding="latin1")  # strings and arrays of Python 2 in older files
        self.dtypes: dict[str, str] = {}

    def find_class(self, module: str, name: str) -> object:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name in ("_rebuild_tensor_v2", "_rebuild_tensor"):
            return lambda *arguments: _Tensor(*arguments[:4])
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *_: tensor
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if made := pickled_arrays.maker(module, name):
            return made
        raise InputError(
            f"asks for {module}.{name}, which is not run: only tensors are read;"
            " save the model's state_dict() alone, as .safetensors or with torch.save"
        )

    def persistent_load(self, pid: tuple) -> str:
        _, dtype, key, _, _, *view = pid
        if any(view):
            raise InputError("shares storages as PyTorch 0.1 did: save its state_dict again with a newer PyTorch")
        self.dtypes[key] = dtype
        return key


def _read_zip(file: BinaryIO) -> tuple[object, Storages]:
    """The pickled object of a zip checkpoint and the storages of its tensors, a file each in the zip."""
    archive = zipfile.ZipFile(file)
    index = next((name for name in archive.namelist() if name.rpartition("/")[2] == "data.pkl"), None)
    if index is None:
        raise InputError("is a zip file without data.pkl, not a checkpoint of PyTorch")
    with archive.open(index) as pickled:
        unpickler = _Unpickler(pickled)
        content = unpickler.load()
    folder = index.removesuffix(".pkl")
    return content, {key: _numbers(archive.read(f"{folder}/{key}"), kind) for key, kind in unpickler.dtypes.items()}


def _read_legacy(file: BinaryIO) -> tuple[object, Storages]:
    """The same of PyTorch's format before 1.6: five pickles, then of each storage its length and its elements."""
    for _magic_version_system in range(3):
        _Unpickler(file).load()
    unpickler = _Unpickler(file)
    content = unpickler.load()
    storages = {}
    for key in _Unpickler(file).load():
        (count,) = struct.unpack("<q", file.read(8))
        storages[key] = _numbers(file.read(count * _width(unpickler.dtypes[key])), unpickler.dtypes[key])
    return content, storages


def _width(dtype: str) -> int:
    return 2 if dtype == _BFLOAT16 else np.dtype(dtype).itemsize


def _numbers(content: bytes, dtype: str) -> np.ndarray:
    """Bytes as a flat array; bfloat16, the upper half of a float32, as float32."""
    if dtype != _BFLOAT16:
        return np.frombuffer(content, dtype)
    return (np.frombuffer(content, "<u2").astype("<u4") << 16).view("<f4")


def _state_dict(content: object) -> dict[str, np.ndarray]:
    for wrapper in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
    arrays = {str(k): v for k, v in content.items() if isinstance(v, np.ndarray)} if isinstance(content, dict) else {}
    if not arrays:
        raise InputError("holds no state_dict: save model.state_dict(), as .safetensors or with torch.save")
    prefix = "module." if all(name.startswith("module.") for name in arrays) else ""
    return {name.removeprefix(prefix): array for name, array in arrays.items()}
