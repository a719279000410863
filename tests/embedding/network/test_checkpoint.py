"""Checkpoint files: every format and element type, files that are damaged, and pickles that want to run code."""

import io
import os
import pickle
import struct
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
from safetensors.numpy import save_file

from datasets.errors import InputError
from embedding.network.checkpoint import read

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


def save_safetensors(path, arrays):
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)


SAVERS = {"new.pth": save_pth, "old.pth": save_legacy}


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    values = {"w": rng.normal(size=(4, 3, 2)).astype("f4"), "half": rng.normal(size=5).astype("f2")}
    return values | {"double": rng.normal(size=2), "steps": np.int64(7), "empty": np.zeros((0, 3), "f4")}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("file", SAVERS)
def test_element_types(tmp_path, arrays, file):
    SAVERS[file](tmp_path / file, OrderedDict((name, contiguous(array)) for name, array in arrays.items()))
    found = read(tmp_path / file)
    assert_same(found, arrays)
    assert [found[name].dtype for name in arrays] == [np.asarray(array).dtype for array in arrays.values()]


def test_safetensors(tmp_path, arrays):
    save_safetensors(tmp_path / "a.safetensors", arrays)
    assert_same(read(tmp_path / "a.safetensors"), arrays)


def test_bfloat16_of_safetensors(tmp_path):
    header = b'{"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    path = tmp_path / "b.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<HH", 0x3F80, 0xC040))
    np.testing.assert_array_equal(read(path)["x"], [1.0, -3.0])


@pytest.mark.parametrize("file", SAVERS)
def test_views_parameters_and_bfloat16(tmp_path, file):
    base = Storage(np.arange(24, dtype="f4"))
    upper = Storage(np.array([0x3F80, 0xC040], "u2").view("u1"), "BFloat16")  # 1 and -3
    upper.array = upper.array.view("<u2")
    content = {
        "transposed": Tensor(base, (6, 4), (1, 6)),
        "part": Tensor(base, (2, 2), (6, 2), offset=7),
        "parameter": Parameter(Tensor(base, (3,), (1,))),
        "upper": Tensor(upper, (2,), (1,)),
    }
    SAVERS[file](tmp_path / file, content)
    whole = np.arange(24, dtype="f4").reshape(4, 6)
    expected = {"transposed": whole.T, "part": whole[1:3, 1:5:2], "parameter": whole[0, :3], "upper": [1.0, -3.0]}
    assert_same(read(tmp_path / file), expected)


@pytest.mark.parametrize("wrapper", ["state_dict", "model"])
def test_wrappers_and_prefixes_are_taken_off(tmp_path, wrapper):
    state = {"module.a": contiguous(np.ones(2, "f4")), "module.b": contiguous(np.zeros(1, "f4"))}
    save_pth(tmp_path / "w.pth", {wrapper: state, "epoch": 3, "moments": [contiguous(np.ones(3, "f4"))]})
    assert_same(read(tmp_path / "w.pth"), {"a": [1, 1], "b": [0]})


class Evil:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return os.system, (f"touch {self.marker}",)


@pytest.mark.parametrize("file", SAVERS)
def test_code_in_a_pickle_is_not_run(tmp_path, file):
    SAVERS[file](tmp_path / file, {"a": contiguous(np.ones(2, "f4")), "b": Evil(tmp_path / "marker")})
    with pytest.raises(InputError, match=rf"weights file .*{file} asks for \w+\.system, which is not run"):
        read(tmp_path / file)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize("name", ["torch load", "torch._utils os", "builtins eval", "collections Counter"])
def test_only_what_makes_tensors_is_found(tmp_path, name):
    module, attribute = name.split()
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", f"c{module}\n{attribute}\n.")
    with pytest.raises(InputError, match=f"asks for {module}.{attribute}, which is not run"):
        read(path)


@pytest.mark.parametrize(
    "size, stride, offset", [((5,), (1,), 0), ((2, 2), (3, 1), 0), ((2,), (1,), 3), ((2,), (-1,), 1), ((2,), (1,), -1)]
)
def test_a_tensor_never_leaves_its_storage(tmp_path, size, stride, offset):
    save_pth(tmp_path / "t.pth", {"t": Tensor(Storage(np.ones(4, "f4")), size, stride, offset)})
    with pytest.raises(InputError, match=r"t\.pth is damaged or cut short \(ValueError: a tensor"):
        read(tmp_path / "t.pth")


@pytest.mark.parametrize("file", [*SAVERS, "c.safetensors"])
def test_damaged_files_end_in_one_line(tmp_path, arrays, file):
    path = tmp_path / file
    if file in SAVERS:
        SAVERS[file](path, {name: contiguous(array) for name, array in arrays.items()})
    else:
        save_safetensors(path, arrays)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for cut in rng.integers(0, len(whole) - 1, 40):
        path.write_bytes(whole[:cut])
        with pytest.raises(InputError) as error:
            read(path)
        assert file in str(error.value) and "\n" not in str(error.value)
    for place in rng.integers(0, len(whole), 100):  # a changed byte may go unnoticed, but breaks nothing else
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        try:
            read(path)
        except InputError as error:
            assert "\n" not in str(error)


def test_other_files(tmp_path):
    page = tmp_path / "page.pth"
    page.write_text("<html>404</html>")
    with pytest.raises(InputError, match=r"page\.pth is neither a \.safetensors file nor a checkpoint"):
        read(page)
    with pytest.raises(InputError, match=r"no\.pth cannot be read: No such file"):
        read(tmp_path / "no.pth")
    save_pth(tmp_path / "list.pth", [1, 2])
    with pytest.raises(InputError, match=r"list\.pth holds no state_dict"):
        read(tmp_path / "list.pth")
    with zipfile.ZipFile(tmp_path / "photos.pth", "w") as archive:
        archive.writestr("a.txt", "a")
    with pytest.raises(InputError, match=r"photos\.pth is a zip file without data\.pkl"):
        read(tmp_path / "photos.pth")
