"""Spaces: the numbers of a build, with values around them; and what the optimiser makes of them."""

import pytest

from ann_bench import indexes
from ann_bench.tuning import spaces
from datasets.errors import InputError


@pytest.mark.parametrize(
    "index, build, template",
    [
        ("hnswlib", "M=16,ef_construction=200", "M={M},ef_construction={ef_construction}"),
        ("annoy", "trees=50", "trees={trees}"),
        ("faiss_float", "IVF1024,Flat", "IVF{lists},Flat"),
        ("faiss_float", "HNSW32,efConstruction=100", "HNSW{links},efConstruction={efConstruction}"),
        ("faiss_float", "IVF2048_HNSW32,Flat", "IVF{lists}_HNSW32,Flat"),
        ("faiss_float", "IVF1024,PQ64x4fs,RFlat", "IVF{lists},PQ{parts}x4fs,RFlat"),
        ("faiss_float", "OPQ16_128,IVF1024,PQ16np", "OPQ16_128,IVF{lists},PQ16np"),
        ("faiss_float", "IVF1024,SQ8", "IVF{lists},SQ8"),
        ("faiss_binary", "ITQ128,BIVF1024,RFlat", "ITQ128,BIVF{lists},RFlat"),
        ("flat", "Flat", "Flat"),
    ],
)
def test_the_numbers_of_a_build_are_varied(index, build, template):
    space = spaces.of(index, build, 128)
    assert space.template == template
    assert space.build(space.default) == build and space.numbers(build) == space.default
    for name, values in space.values.items():
        assert list(values) == sorted(set(values)) and space.default[name] in values


def test_every_build_of_a_space_can_be_built():
    for build in ("IVF1024,PQ64x4fs,RFlat", "HNSW32,efConstruction=100", "IVF1024,PQ16"):
        space = spaces.of("faiss_float", build, 96)
        for place in (0, -1):
            chosen = {name: values[place] for name, values in space.values.items()}
            indexes.get("faiss_float").Index(space.build(chosen), dim=96, metric="euclidean", count=100_000)


def test_a_file_may_name_its_values(monkeypatch):
    monkeypatch.setattr(indexes.get("hnswlib"), "SPACE", {"M": (8, 12)}, raising=False)
    space = spaces.of("hnswlib", "M=16,ef_construction=200", 128)
    assert space.values["M"] == (8, 12, 16) and 800 in space.values["ef_construction"]


def test_the_optimiser_asks_for_nothing_twice_and_finds_the_best():
    pytest.importorskip("optuna")
    from ann_bench.tuning.optimiser import Optimiser

    def qps(build: str) -> float:
        numbers = space.numbers(build)
        return 1e4 / (1 + abs(numbers["M"] - 24) / 8 + abs(numbers["ef_construction"] - 300) / 100)

    space = spaces.of("hnswlib", "M=16,ef_construction=200", 128)
    optimiser, tried = Optimiser(space, seed=0), ["M=16,ef_construction=200"]
    optimiser.tell(tried[0], qps=qps(tried[0]), recall=0.95, reached=True)
    for _ in range(8):
        builds = optimiser.ask(4)
        for build in builds:
            optimiser.tell(build, qps=qps(build), recall=0.95, reached=True)
        tried += builds
    assert len(tried) == len(set(tried)) == 33
    assert max(map(qps, tried[9:])) > 2 * qps(tried[0])
    assert sum(map(qps, tried[17:])) / 16 > sum(map(qps, tried[:9])) / 9  # it learns


def test_without_optuna_one_line_says_what_to_install(monkeypatch):
    from ann_bench.tuning import optimiser

    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(InputError, match=r"pip install .*\[tune\]"):
        optimiser.library()
