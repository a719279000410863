"""What is swept: from the command line, from YAML, by default; and what is said about mistakes in either."""

import importlib.util
from pathlib import Path

import pytest

import ann_bench
from ann_bench import indexes
from ann_bench.indexes.base import Grid
from ann_bench.sweep import grid
from datasets.errors import InputError


def test_every_combination_is_a_point():
    points = Grid("IVF16,Flat", {"nprobe": (1, 8), "max_codes": (0, 100)}).points()
    assert points == [{"nprobe": n, "max_codes": m} for n in (1, 8) for m in (0, 100)]
    assert Grid("Flat").points() == [{}]


def test_search_parameters_are_read_from_one_flag():
    assert grid.parse_search("nprobe=1,8,64,max_codes=0,10000") == {"nprobe": (1, 8, 64), "max_codes": (0, 10000)}
    assert grid.parse_search("k_factor=1.5, 2,2") == {"k_factor": (1.5, 2)}
    assert grid.parse_search("") == {}


@pytest.mark.parametrize(
    ("text", "words"), [("8,nprobe=1", "must begin"), ("nprobe=1,x", "'x' is no number"), ("ef=", "no number")]
)
def test_mistakes_in_it_are_named(text, words):
    with pytest.raises(InputError, match=words):
        grid.parse_search(text)


def test_indexes_are_chosen_by_pattern():
    assert grid.select("faiss_*") == ["faiss_binary", "faiss_float"]
    assert grid.select("annoy,flat,a*") == ["annoy", "flat"]


def test_all_that_are_installed_are_chosen_but_servers(monkeypatch):
    lacking = {"ngt": "pip install ngt"}
    monkeypatch.setattr(indexes, "missing", lambda name: lacking.get(name, ""))
    everything = set(indexes.names())
    assert {"ngt", "milvus", "vearch", "usearch"} <= everything
    assert set(grid.select("")) == everything - {"ngt", "milvus", "vearch"}
    with pytest.raises(InputError, match="--index=ngt: pip install ngt"):
        grid.select("ngt")


def test_a_ready_made_grid_is_known_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert grid.read(Path("short")) == grid.read(Path(ann_bench.__file__).parent / "grids" / "short.yaml")
    (tmp_path / "short").write_text("flat: [{}]")  # one's own goes before
    assert grid.read(Path("short")) == [("flat", Grid("", {}))]
    for named in ("shrt", "grids/short", "short.yaml"):
        with pytest.raises(InputError, match=f"--grid={named}: cannot be read"):
            grid.read(Path(named))


def test_an_unknown_index_gets_a_suggestion():
    with pytest.raises(InputError, match="unknown index 'hnswlb': did you mean hnswlib"):
        grid.select("hnswlb")


def test_an_index_that_is_not_installed_says_how_to_get_it(monkeypatch):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pymilvus" else find_spec(name))
    with pytest.raises(InputError, match=r"--index=milvus: not installed; pip install .*\[milvus\]"):
        grid.select("milvus")


def test_yaml(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text(
        "faiss_float:\n  - build: IVF16,Flat\n    search: {nprobe: [1, 8]}\n  - build: HNSW16\n"
        "hnswlib:\n  - {build: 'M=8', search: {ef: 20}}\nflat:\n  - {}\n"
    )
    assert grid.read(path) == [
        ("faiss_float", Grid("IVF16,Flat", {"nprobe": (1, 8)})),
        ("faiss_float", Grid("HNSW16")),
        ("hnswlib", Grid("M=8", {"ef": (20,)})),
        ("flat", Grid("")),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "must map indexes"),
        ("- 1", "must map indexes"),
        ("a: [", "not YAML"),
        ("faiss_flot: []", "did you mean faiss_float"),
        ("flat: Flat", "must be a list"),
        ("flat: []", "must be a list"),
        ("flat: [{build: [1, 2]}]", "build must be a text"),
        ("flat: [{bild: x}]", "must have build:"),
        ("flat: [{build: x, search: 3}]", "must map parameters"),
        ("flat: [{build: x, search: {ef: [a]}}]", "'a' is no number"),
        ("flat: [{build: x, search: {ef: []}}]", "has no values"),
        ("flat: [{build: x, search: {ef: true}}]", "is no number"),
        (
            "faiss_float: [{build: 'IVF{2 lists},Flat'}]",
            "grid.yaml: faiss_float: '{2 lists}' in .* is no size; write {2 l",
        ),
        ("faiss_float: [{build: 'IVF{2 lists per dimension}'}]", "is no size"),
        ("faiss_float: [{build: 'IVF{0 lists per root}'}]", "is no size"),
        ("faiss_float: [{build: 'IVF{1/0 lists per root}'}]", "is no size"),
        ("faiss_float: [{build: 'IVF{-1 lists per root}'}]", "is no size"),
        ("faiss_float: [{build: 'IVF{2 lists per root, at most 0}'}]", "is no size"),
        ("faiss_float: [{build: 'IVF{}'}]", "is no size"),
        ("faiss_float: [{build: 'IVF{2 lists per root'}]", "a brace .* has no other"),
        ("faiss_float: [{build: 'IVF{{2 lists per root}}'}]", "a brace .* has no other"),
    ],
)
def test_mistakes_in_yaml_are_named(tmp_path, text, words):
    path = tmp_path / "grid.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=words):
        grid.read(path)


def test_sizes_become_numbers_for_the_set_and_what_becomes_the_same_is_one(tmp_path):
    path = tmp_path / "grid.yaml"
    path.write_text(
        "faiss_float:\n  - build: 'IVF{4 lists per root},Flat'\n  - build: 'IVF{8 lists per root, at most 40},Flat'\n"
        "  - {build: 'IVF{4 lists per root},Flat', search: {nprobe: 2}}\nflat: [{}]\n"
    )
    plan = grid.read(path)
    builds = ["IVF40,Flat", "IVF40,Flat", ""]
    assert [entry.build for _, entry in grid.sized(plan, count=100, dim=8)] == builds
    assert [entry.build for _, entry in grid.sized(plan, count=10_000, dim=8)][:2] == ["IVF400,Flat", "IVF40,Flat"]


def test_a_missing_or_binary_file_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        grid.read(tmp_path / "none.yaml")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read"):
        grid.read(tmp_path / "binary")


def test_the_default_names_who_can():
    size = {"count": 1000, "dim": 64, "metric": "hamming"}
    assert {name for name, _ in grid.default(["flat", "annoy"], **size)} == {"annoy"}
    with pytest.raises(InputError, match="--index=flat: cannot search by hamming; annoy, faiss_binary"):
        grid.default(["flat"], **size)
