"""Vectors in text: what people's files look like, and one line about each way in which they cannot be read."""

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.stored import converted, from_file, text_rows
from datasets.vectors import rows

ROWS = np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32)
LINES = [",".join(map(str, row)) for row in ROWS.tolist()]


def read(tmp_path, text, name="a.csv"):
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return text_rows.vectors(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "\ufeff" + "\r\n".join(LINES) + "\r\n\r\n",
        "\n".join(["x,y,z", *LINES]),
        "\n".join(["id,x,y,z", *(f"{7 - row},{line}" for row, line in enumerate(LINES))]),
        "\n".join(["x,y,z,label", *(f"{line},{row % 2}" for row, line in enumerate(LINES))]),
        "\n".join([",0,1,2", *(f"{row},{line}" for row, line in enumerate(LINES))]),  # as pandas writes it
        "\n".join(f"{row},{line}" for row, line in enumerate(LINES)),  # rows that are counted
        "\n".join(f"{line},cat" for line in LINES),
        "\n".join(f'"cats, dogs",{line}' for line in LINES),
        "\n".join(["id,emb", *(f'{row},"[{line}]"' for row, line in enumerate(LINES))]),
        "\n".join(line.replace(",", ";") for line in LINES),
        "\n".join(line.replace(",", "\t") for line in LINES),
    ],
)
def test_every_csv_gives_its_numbers(tmp_path, text):
    np.testing.assert_array_equal(read(tmp_path, text), ROWS)


def test_columns_that_are_no_numbers_of_a_vector_are_counted(tmp_path, caplog):
    caplog.set_level("INFO")
    text = "\n".join(["Target,x,y,z,what", *(f"{row % 2},{line},cat" for row, line in enumerate(LINES))])
    np.testing.assert_array_equal(read(tmp_path, text), ROWS)
    assert "a.csv: 2 of 5 columns are passed over: ids, labels or words" in caplog.text


@pytest.mark.parametrize("header", ["", "7 3\n"])
@pytest.mark.parametrize("words", ["the , 2008 . . . \xe9t\xe9 of", "1 2 3 4 5 6 seven"])
def test_words_are_left_out_even_if_they_are_numbers_or_hold_blanks(tmp_path, header, words):
    words = words.replace(". . .", ".-.-.").split()
    lines = [f"{word.replace('-', ' ')} {line.replace(',', ' ')}" for word, line in zip(words, LINES, strict=False)]
    found = read(tmp_path, (header + "\n".join(lines)).replace("7 3", f"{len(lines)} 3"), "a.txt")
    np.testing.assert_array_equal(found, ROWS[: len(lines)])


def test_a_row_may_be_numbers_alone(tmp_path):
    np.testing.assert_array_equal(read(tmp_path, "\n".join(LINES).replace(",", " "), "a.txt"), ROWS)
    np.testing.assert_array_equal(read(tmp_path, "\n".join(LINES).replace(",", ", "), "a.txt"), ROWS)


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "the file is empty"),
        ("a,b\nc,d", "line 2 is no row of numbers: 'c,d'"),
        ("\n".join([*LINES, "1,2"]), "line 8 has 2 values, the first 3"),
        ("\n".join([*LINES * 10, "1,x,2"]), r"line 71: 'x' is no number"),
        ("\n".join(["1,N/A,2", *LINES]), r"line 1: 'N/A' is no number; .*or call column 2 label"),
        ("\n".join(["x,y,z", "", *LINES, "1,2,x"]), r"line 10: 'x' is no number"),
        ("\n".join(["1,5;-0,25", "2;3,5e-2"]), r"line 2 has decimal commas; write points"),
        ("\n".join(["x;y", "", "1,5;2", '"1,5";3']), r"line 4 has decimal commas"),
        ("1,5 2,5\n1,5\t3", "line 2 has decimal commas"),
        ("\n".join([*LINES * 10, "1,,2"]), r"line 71: '' is no number"),
        ("\n".join(f"[{line}]" for line in [*LINES, "1,2"]), "line 8 has 2 numbers, another 3"),
        ("9 3\n" + "\n".join(LINES).replace(",", " "), "says that it has 9 vectors, and has 7: cut short"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as error:
        read(tmp_path, text, "a.txt" if text.startswith("9 3") else "a.csv")
    assert "\n" not in str(error.value) and "a." in str(error.value)


def test_a_large_file_is_converted_once_and_mapped(tmp_path, monkeypatch):
    monkeypatch.setattr(converted, "_SMALL", 0)
    monkeypatch.setattr(text_rows, "_PART", 100)
    found = read(tmp_path, "\n".join(LINES))
    assert rows.is_mapped(found)
    np.testing.assert_array_equal(found, ROWS)
    (made,) = (tmp_path / "converted").glob("*.fbin")
    before = made.stat().st_mtime_ns
    text_rows.vectors(tmp_path / "a.csv")
    assert made.stat().st_mtime_ns == before
    np.testing.assert_array_equal(read(tmp_path, "\n".join(LINES[:5])), ROWS[:5])
    assert len(list((tmp_path / "converted").glob("*.fbin"))) == 1  # that of the older file is gone


def test_where_nothing_can_be_written_beside_the_file_it_is_converted_in_data(tmp_path, monkeypatch):
    monkeypatch.setattr(converted, "_SMALL", 0)
    monkeypatch.setattr(converted.os, "access", lambda *_: False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shared").mkdir()
    np.testing.assert_array_equal(read(tmp_path / "shared", "\n".join(LINES)), ROWS)
    assert list((tmp_path / "data" / "converted").glob("a.csv-*.fbin"))
    assert not (tmp_path / "shared" / "converted").exists()


def test_a_conversion_that_fails_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(converted, "_SMALL", 0)
    monkeypatch.setattr(text_rows, "_PART", 100)
    with pytest.raises(InputError, match="line 71"):
        read(tmp_path, "\n".join([*LINES * 10, "1,x,2"]))
    assert not [path for path in (tmp_path / "converted").iterdir() if path.suffix != ".lock"]


def test_text_is_a_set_of_vectors(tmp_path):
    (tmp_path / "birds.csv").write_text("\n".join(LINES))
    found = from_file.load(tmp_path / "birds.csv", queries=tmp_path / "birds.csv", metric="cosine")
    assert (found.name, found.gallery.shape) == ("birds-angular", (7, 3))
