"""Checkpoint files: every format and element type, files that are damaged, and pickles that want to run code."""

import os
import struct
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
from safetensors.numpy import save_file

from datasets.errors import InputError
from embedding.network.checkpoint import contents, read
from tests.shared.torch_files import SAVERS, Parameter, Storage, Tensor, contiguous, save_pth


def save_safetensors(path, arrays):
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)


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


def as_of_numpy_2(path):
    """The names of a checkpoint's pickle as NumPy 2 writes them."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content.replace(b"cnumpy.core.multiarray", b"cnumpy._core.multiarray"))


@pytest.fixture
def learned():
    """NumPy arrays and numbers as checkpoints hold them beside tensors."""
    rng = np.random.default_rng(1)
    m, P = rng.normal(size=(3, 1)), np.asfortranarray(rng.normal(size=(3, 3)).astype("f4"))
    odd = {"big-endian": np.arange(5, dtype=">i4"), "bool": np.array([True, False]), "none": np.zeros((0, 2), "u1")}
    return {"Lw": {"set": {"ss": {"m": m, "P": P}}}, "loss": np.float64(0.25), "steps": (np.int32(7), odd)}


@pytest.mark.parametrize("file", [*SAVERS, "numpy 2"])
def test_arrays_of_numpy_are_read_beside_the_tensors(tmp_path, learned, file):
    path = tmp_path / f"{file}.pth"
    weights = {"a": contiguous(np.ones(2, "f4"))}
    SAVERS.get(file, save_pth)(path, {"meta": learned, "state_dict": weights, "names": ["x", "y"], "epoch": 3})
    if file == "numpy 2":
        as_of_numpy_2(path)
        assert b"numpy._core" in path.read_bytes() and b"numpy.core" not in path.read_bytes()
    found = contents(path)
    assert found["names"] == ["x", "y"] and found["epoch"] == 3 and found["meta"]["loss"] == 0.25
    for kind in ("m", "P"):
        one, other = found["meta"]["Lw"]["set"]["ss"][kind], learned["Lw"]["set"]["ss"][kind]
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    number, odd = found["meta"]["steps"]
    assert number == 7 and isinstance(number, np.int32)
    assert_same(odd, learned["steps"][1])
    assert_same(found["state_dict"], {"a": [1, 1]})
    assert_same(read(path), {"a": [1, 1]})  # the weights alone


def test_an_array_of_python_2_is_read(tmp_path):
    """Its bytes stand in the pickle as a string of eight bits."""
    content = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\ntcnumpy\ndtype\n"
    content += b"(S'f4'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntbI00\nS'\\x00\\x00\\x80?\\x00\\x00@\\xc0'\ntb."
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("x/data.pkl", content)
    np.testing.assert_array_equal(contents(tmp_path / "x.pth"), np.array([1, -3], "f4"))


@pytest.mark.parametrize(
    "array, kind",
    [
        (np.array([{}, 1], object), "Python objects"),
        (np.array(["a"]), "the type 'U1'"),
        (np.zeros(2, [("a", "f4")]), "the type 'V4'"),
        (np.zeros(2, "c8"), "the type 'c8'"),
    ],
)
def test_arrays_of_anything_but_numbers_are_refused_by_name(tmp_path, array, kind):
    save_pth(tmp_path / "x.pth", {"a": contiguous(np.ones(2, "f4")), "odd": array})
    with pytest.raises(InputError, match=f"weights file .*x.pth holds a NumPy array of {kind}, which is not read"):
        read(tmp_path / "x.pth")


@pytest.mark.parametrize("change", [(b"K\x03", b"K\x04"), (b"K\x03", b"J\xff\xff\xff\xff")])
def test_an_array_of_another_size_than_it_says_is_refused(tmp_path, change):
    save_pth(tmp_path / "x.pth", {"a": np.arange(3, dtype="f8")})
    with zipfile.ZipFile(tmp_path / "x.pth") as archive:
        content = archive.read("x/data.pkl")
    place = content.rindex(b"K\x03\x85")  # the shape, (3,)
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("x/data.pkl", content[:place] + content[place:].replace(*change, 1))
    with pytest.raises(InputError, match=r"damaged or cut short \(ValueError: an array of another size"):
        contents(tmp_path / "x.pth")


def test_what_makes_arrays_cannot_be_changed_by_a_pickle(tmp_path):
    """BUILD sets attributes of what a pickle was given: of a function that is forgotten with it."""
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("x/data.pkl", b"cnumpy.core.multiarray\n_reconstruct\n(N}S'__defaults__'\n(I1\ntstb.")
    with pytest.raises(InputError):
        read(tmp_path / "x.pth")
    save_pth(tmp_path / "y.pth", {"a": np.arange(3.0)})
    np.testing.assert_array_equal(contents(tmp_path / "y.pth")["a"], np.arange(3.0))


@pytest.mark.parametrize(
    "name",
    [
        "torch load",
        "torch._utils os",
        "builtins eval",
        "collections Counter",
        "numpy load",
        "numpy.core.multiarray fromfile",
    ],
)
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


def test_a_damaged_word_with_a_line_of_its_own_is_told_in_one(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("x/data.pkl", b"Fhalf\n.")
    with pytest.raises(InputError, match=r"x\.pth is damaged or cut short \(ValueError: .*half") as error:
        contents(tmp_path / "x.pth")
    assert "\n" not in str(error.value)
