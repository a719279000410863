"""Plain pickles: what is data is read, and what is not is named and never run."""

import collections
import datetime
import pickle
import struct

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.files import plain_pickle

PLAIN = {"names": ["a", "\u00e9", "b" * 300], "box": (1, -2.5, 1 << 70, None), 3: True, "raw": b"\0\xff", "none": []}


class Call:
    """Pickled, it asks for a call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


class Own:
    """Pickled, it asks for its class."""


@pytest.fixture
def written(tmp_path):
    """``written(content)`` writes bytes, or a pickle of what they are not, and returns the path."""

    def write(content, protocol=4):
        file = tmp_path / "lists.pkl"
        file.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, protocol=protocol))
        return file

    return write


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_data_is_read_as_it_was_written(written, protocol):
    content = {name: value for name, value in PLAIN.items() if protocol > 2 or name != "raw"}
    assert plain_pickle.read(written(content, protocol)) == content


def test_sets_are_read(written):
    assert plain_pickle.read(written({"some": {1, 2}, "fixed": frozenset("ab")})) == {"some": {1, 2}, "fixed": {*"ab"}}


def test_texts_of_python_2_are_read(written):
    """Python 2 wrote its texts as bytes, by opcodes that Python 3 never writes."""
    old = b"\x80\x02]q\x00(U\x05caf\xe9sT\x03\x00\x00\x00abcS'x'\nU\x00e."
    assert plain_pickle.read(written(old)) == ["caf\u00e9s", "abc", "x", ""]


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_call_is_refused_by_name_and_not_run(written, tmp_path, protocol):
    mark = tmp_path / "was run"
    for function in (open, eval):
        argument = (str(mark), "w") if function is open else (f"open({str(mark)!r}, 'w')",)
        with pytest.raises(InputError, match=r"lists.pkl asks for \S*(open|eval), which is not run"):
            plain_pickle.read(written({"imlist": Call(function, *argument)}, protocol))
    assert not mark.exists()


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        (Own(), "(Own|copy_?reg._reconstructor)"),
        (collections.OrderedDict(a=1), "collections.OrderedDict"),
        (datetime.date(2020, 1, 1), "datetime.date"),
        (print, "__.print|builtins.print"),
        (1j, "__.complex|builtins.complex"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_whatever_is_no_plain_data_is_refused_by_name(written, content, asked, protocol):
    with pytest.raises(InputError, match=rf"lists.pkl asks for \S*({asked})") as error:
        plain_pickle.read(written([content], protocol))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_arrays_and_numbers_of_numpy_are_read_as_lists_and_numbers(written, protocol):
    content = {"qidxs": np.arange(6).reshape(2, 3), "cluster": [np.int32(7), np.float64(1.5)], "flag": np.bool_(True)}
    read = plain_pickle.read(written(content, protocol))
    assert read == {"qidxs": [[0, 1, 2], [3, 4, 5]], "cluster": [7, 1.5], "flag": True}
    assert [type(number) for number in read["cluster"]] == [int, float]


def test_an_array_of_objects_is_refused(written):
    with pytest.raises(InputError, match="lists.pkl holds a NumPy array of Python objects, which is not read"):
        plain_pickle.read(written(np.array([Own()], dtype=object)))


def test_every_way_to_name_a_thing_is_refused(written):
    for code in (b"cos\nsystem\n.", b"(S'true'\nios\nsystem\n.", b"\x80\x04\x8c\x02os\x8c\x06system\x93."):
        with pytest.raises(InputError, match="asks for os.system, which is not run"):
            plain_pickle.read(written(code))
    with pytest.raises(InputError, match="asks for things that are kept elsewhere"):
        plain_pickle.read(written(b"P12\n."))
    with pytest.raises(InputError, match="is damaged"):
        plain_pickle.read(written(b"\x80\x02\x82\x01."))  # an entry of the registry of extensions


def test_a_call_of_what_is_no_function_is_damage(written):
    for code in (b"\x80\x02X\x01\x00\x00\x00a)R.", b"\x80\x02]}b.", b"\x80\x02])\x81."):
        with pytest.raises(InputError, match="lists.pkl is damaged or cut short, or no pickle"):
            plain_pickle.read(written(code))


def test_cut_and_damaged_files_are_named(written):
    whole = pickle.dumps(PLAIN, protocol=4)
    for end in range(len(whole)):
        with pytest.raises(InputError, match="lists.pkl is damaged or cut short"):
            plain_pickle.read(written(whole[:end]))
    rng = np.random.default_rng(0)
    for _ in range(300):
        data = bytearray(whole)
        data[rng.integers(len(data))] = rng.integers(256)
        try:
            plain_pickle.read(written(bytes(data)))
        except InputError as error:
            assert "lists.pkl" in str(error) and "\n" not in str(error)


def test_lengths_that_are_not_there_take_no_memory(written):
    far = b"\x80\x02X\x01\x00\x00\x00ar" + struct.pack("<I", 0xFFFFFFF0) + b"."
    with pytest.raises(InputError, match="it counts 4,294,967,280 things in 14 bytes"):
        plain_pickle.read(written(far))
    with pytest.raises(InputError, match="it counts -1 things"):
        plain_pickle.read(written(b"I1\np-1\n."))
    for code in (b"\x8e", b"\x8d", b"\x96"):  # bytes, text and a bytearray with a length of eight bytes
        with pytest.raises(InputError, match="is damaged or cut short"):
            plain_pickle.read(written(b"\x80\x05" + code + struct.pack("<Q", 1 << 45) + b"abc."))


def test_a_file_that_is_too_large_is_not_read(written, monkeypatch):
    monkeypatch.setattr(plain_pickle, "MOST", 10)
    with pytest.raises(InputError, match=r"lists.pkl has [\d,]+ bytes, which is no list of images"):
        plain_pickle.read(written(PLAIN))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match="away.pkl.*No such file"):
        plain_pickle.read(tmp_path / "away.pkl")
    with pytest.raises(InputError, match="cannot be read"):
        plain_pickle.read(tmp_path)
