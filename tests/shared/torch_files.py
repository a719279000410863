"""Checkpoints as PyTorch writes them, without PyTorch: zip and older format."""

import io
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

STORAGES = {"f4": "Float", "f8": "Double", "f2": "Half", "i8": "Long", "u1": "Byte", "b1": "Bool"}


class Storage:
    """What a pickle refers to by key: a flat array; ``kind`` where it is none of NumPy's types."""

    def __init__(self, array, kind=None):
        self.array = np.ascontiguousarray(array).ravel()
        self.kind = (kind or STORAGES[self.array.dtype.str[1:]]) + "Storage"


class Tensor:
    """A view into a storage that pickles as PyTorch's tensors do."""

    def __init__(self, storage, size, stride, offset=0):
        self.parts = (storage, offset, tuple(size), tuple(stride), False, OrderedDict())

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.parts


class Parameter:
    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_parameter, (self.tensor, True, OrderedDict())


def contiguous(array):
    array = np.asarray(array, order="C")
    return Tensor(Storage(array), array.shape, [step // array.itemsize for step in array.strides])


class Pickler(pickle.Pickler):
    def __init__(self, file, *, legacy):
        super().__init__(file, protocol=2)
        self.legacy, self.storages = legacy, {}

    def persistent_id(self, obj):
        if not isinstance(obj, Storage):
            return None
        key = next((k for k, s in self.storages.items() if s is obj), str(len(self.storages)))
        self.storages[key] = obj
        kind = getattr(sys.modules["torch"], obj.kind)
        return ("storage", kind, key, "cpu", len(obj.array), *([None] if self.legacy else []))


def fake_torch():
    """Modules with the names that a pickle of PyTorch refers to."""
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in ("_rebuild_tensor_v2", "_rebuild_parameter"):
        function = types.FunctionType((lambda *_: None).__code__, {}, name)
        function.__module__, function.__qualname__ = "torch._utils", name
        setattr(utils, name, function)
    for kind in (*STORAGES.values(), "BFloat16"):
        setattr(torch, kind + "Storage", type(kind + "Storage", (), {"__module__": "torch"}))
    torch._utils = utils
    return {"torch": torch, "torch._utils": utils}


def pickled(obj, *, legacy=False):
    file = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        for name, module in fake_torch().items():
            patch.setitem(sys.modules, name, module)
        pickler = Pickler(file, legacy=legacy)
        pickler.dump(obj)
    return file.getvalue(), pickler.storages


def save_pth(path, obj):
    """What torch.save writes since PyTorch 1.6: a zip of a pickle and one file a storage."""
    content, storages = pickled(obj)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{path.stem}/data.pkl", content)
        archive.writestr(f"{path.stem}/version", "3\n")
        for key, storage in storages.items():
            archive.writestr(f"{path.stem}/data/{key}", storage.array.tobytes())


def save_legacy(path, obj):
    """What it wrote before: magic number, version, system, object, keys, then the storages."""
    content, storages = pickled(obj, legacy=True)
    with open(path, "wb") as file:
        for header in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
            pickle.dump(header, file, protocol=2)
        file.write(content)
        pickle.dump(list(storages), file, protocol=2)
        for storage in storages.values():
            file.write(struct.pack("<q", len(storage.array)) + storage.array.tobytes())


SAVERS = {"new.pth": save_pth, "old.pth": save_legacy}
