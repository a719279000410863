"""Tables are read as people and spreadsheets write them, and faults are named with their line."""

import pytest

from datasets.errors import InputError
from datasets.lists import tables

LINES = "label,path,split\na,0.jpg,train\nb,1.jpg,test\n"
WANTED = [{"label": "a", "path": "0.jpg", "split": "train"}, {"label": "b", "path": "1.jpg", "split": "test"}]


def read(tmp_path, data, needed=("label", "path")):
    file = tmp_path / "pets.csv"
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    return tables.rows(str(file), needed)


@pytest.mark.parametrize(
    "data",
    [
        LINES,
        LINES.replace(",", ";"),
        LINES.replace(",", "\t"),
        LINES.replace("\n", "\r\n").encode("utf-8-sig"),
        LINES.replace(",", "\t").encode("utf-16"),
        "sep=;\r\n" + LINES.replace(",", ";"),
        LINES.replace("label,path,split", ' Label ,"PATH", Split,'),
        LINES.replace("0.jpg", " 0.jpg ").replace("\nb", "\n\n,,\n  \nb"),
        LINES.rstrip("\n"),
        LINES.replace("train\n", "train,,,\n"),
    ],
    ids=[
        "comma",
        "semicolon",
        "tab",
        "Excel UTF-8",
        "Excel Unicode text",
        "sep",
        "capitals",
        "blanks",
        "no end",
        "more",
    ],
)
def test_every_way_of_writing_gives_the_same(tmp_path, data):
    assert [{name: row[name] for name in WANTED[0]} for _, row in read(tmp_path, data)] == WANTED


def test_places_count_every_line_of_the_file(tmp_path):
    rows = read(tmp_path, 'sep=,\nlabel,path\n\n"a\nb",0.jpg\nc,1.jpg\n')
    assert [where.rpartition(", ")[2] for where, _ in rows] == ["line 5", "line 6"]


def test_cells_may_hold_what_parts_others(tmp_path):
    assert read(tmp_path, 'label;path\n"a;b";x,y.jpg\n')[0][1] == {"label": "a;b", "path": "x,y.jpg"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("label,path\na,0.jpg\nb,caf\u00e9.jpg\n".encode("latin-1"), r"line 3: .* no UTF-8 text \(byte 0xe9\)"),
        (LINES.encode("utf-16-le"), "UTF-16 that does not say so"),
        ("label,file\n", r"line 1: no column path \(found label, file\)"),
        ("", "found"),
        ("label,path,path\n", "line 1: column path is there twice"),
        ("label,path\na,0.jpg,x\n", "line 2: more cells"),
        ("label,path\n\na\n", "line 3: no path"),
    ],
)
def test_faults_are_named_with_their_line(tmp_path, data, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, data)


def test_a_missing_file_and_a_folder_are_said(tmp_path):
    with pytest.raises(InputError, match=r"gone\.csv is not there"):
        tables.rows(str(tmp_path / "gone.csv"), ())
    with pytest.raises(InputError, match="is a folder"):
        tables.rows(str(tmp_path), ())


@pytest.mark.parametrize(
    ("cell", "path"),
    [
        ("a.jpg", "/lists/a.jpg"),
        ("./b//a.jpg", "/lists/b/a.jpg"),
        ("..\\pics\\a.jpg", "/pics/a.jpg"),
        ("/x/a.jpg", "/x/a.jpg"),
        ("~/a.jpg", "/home/me/a.jpg"),
        ("https://host/a//b.jpg", "https://host/a//b.jpg"),
        ("photos.zip/a.jpg", "/lists/photos.zip/a.jpg"),
    ],
)
def test_paths_start_in_the_folder_of_the_list(monkeypatch, cell, path):
    monkeypatch.setenv("HOME", "/home/me")
    assert tables.path_from("/lists/pets.csv", cell) == path


@pytest.mark.parametrize("text", ["=x", "+1", "-1", "@home", "'=x", "''-", "\t=x"])
def test_what_a_spreadsheet_would_run_is_behind_an_apostrophe_and_comes_back(text):
    assert tables.guarded(text) == f"'{text}"
    assert tables.unguarded(tables.guarded(text)) == text


@pytest.mark.parametrize("text", ["", "cat", "'", "'cat'", "a=b", "中文", "rock 'n' roll"])
def test_all_other_text_stays_as_it_is(text):
    assert tables.guarded(text) == text == tables.unguarded(text)
