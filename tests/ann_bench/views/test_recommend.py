"""The recommendation: the fastest that fits, the nearest misses, and a command that the harness can read."""

import shlex
from pathlib import Path

import pytest

from ann_bench.factory.faiss_grids import inverted_lists
from ann_bench.options import RunOptions
from ann_bench.results import extrapolate
from ann_bench.results.points import Measured
from ann_bench.sweep import grid
from ann_bench.tracks.base import TrackFlags
from ann_bench.views import recommend
from ann_bench.views.recommend import RecommendOptions, choose, render, without_index
from datasets.errors import InputError, RunFailed


@pytest.fixture
def rows(made):
    return [
        made("IVF1024,Flat", recall=0.99, qps=300, index_bytes=52_000_000).row,
        made("IVF2048,Flat", recall=0.96, qps=900, index_bytes=52_500_000).row,
        made("IVF1024,Flat", recall=0.80, qps=5000, search={"nprobe": 1}).row,
        made("OPQ16_64,IVF1024,PQ16", recall=0.60, qps=4000, index_bytes=3_000_000, search_peak_bytes=40_000_000).row,
        made("M=16", index="hnswlib", recall=0.97, qps=2000, index_bytes=65_000_000, search={"ef": 40}).row,
        made("M=16", index="hnswlib", recall=0.97, qps=9000, search={"ef": 40}, mode="batch", threads=2).row,
    ]


def names(choices) -> list[str]:
    return [f"{choice.grown.build} {choice.grown.search}".strip() for choice in choices]


def test_the_fastest_of_each_family_that_reaches_the_recall(rows):
    choices = choose(rows, recall=0.95, memory=None, count=100_000, mode="single")
    assert names(choices) == ["M=16 ef=40", "IVF2048,Flat nprobe=8"]
    assert all(not choice.lacking and choice.sure == "measured on CPU <1>" for choice in choices)
    assert choose(rows, recall=0.95, memory=None, count=100_000, mode="batch")[0].grown.qps == pytest.approx(9000)


def test_what_is_as_fast_within_the_noise_is_named(made):
    fast = made("M=16", index="hnswlib", recall=0.97, qps=2000, search={"ef": 40}).row  # its runs: 1000 to 2000
    near = made("IVF1024,Flat", recall=0.96, qps=1200).row
    slow, low = made("IVF64,Flat", recall=0.99, qps=900).row, made("IVF9,Flat", recall=0.5, qps=1900).row
    for rows, count in (([fast, near, slow, low], 100_000), ([low, slow, near, fast], 100_000)):
        text = render(choose(rows, recall=0.95, memory=None, count=count, mode="single"))
        assert "\n  as fast within the noise: faiss_float IVF1024,Flat nprobe=8\n" in text
    assert "noise" not in render(choose([fast, slow, low], recall=0.95, memory=None, count=100_000, mode="single"))
    many = [made(f"IVF{n},Flat", recall=0.96, qps=1100 + n).row for n in range(1, 9)]
    assert "IVF4,Flat nprobe=8 and 3 more\n" in render(
        choose([fast, *many], recall=0.95, memory=None, count=100_000, mode="single")
    )


def test_memory_rules_out(rows):
    choices = choose(rows, recall=0.95, memory=6_000_000_000, count=10_000_000, mode="single")
    more = inverted_lists(10_000_000) // inverted_lists(100_000)
    assert names(choices) == [f"IVF{2048 * more},Flat nprobe={round(8 * more / 100 ** (1 / 3))}"]
    assert choices[0].sure.startswith("extrapolated 100-fold from 100,000 vectors (lists by the rule")
    assert "recall as measured" in choices[0].sure and "rough guess" in choices[0].sure
    assert "rough guess" not in choose(rows, recall=0.95, memory=None, count=400_000, mode="single")[0].sure


@pytest.mark.parametrize(
    "track, flags, facts, words",
    [
        (
            "filter",
            {"filter": "cheap: price<50; same: make=query.make", "attributes": "a b.csv"},
            {"case": "cheap", "filter": "price<50"},
            ["--filter", "cheap: price<50", "--attributes", "a b.csv"],
        ),
        ("filter", {"filter": "x<5;x<9"}, {"case": "x<9", "filter": "x<9"}, ["--filter", "x<9"]),
        ("filter", {"filter": "made:0.1,0.01"}, {"case": "made 0.1", "filter": "made:0.1"}, ["--filter", "made:0.1"]),
        ("filter", {"filter": "f.yaml"}, {"case": "a;b", "filter": "x<9"}, ["--filter", "f.yaml"]),
        (
            "clients",
            {"seconds": 4.0, "rate": "50%,1000", "processes": True},
            {"case": "8 processes at 1,000 a second", "clients": 8},
            ["--seconds", "4.0", "--rate", "1000", "--processes", "--clients", "8"],
        ),
        (
            "clients",
            {"rate": "closed,50%"},
            {"case": "1 client at 50%", "clients": 1},
            ["--rate", "50%", "--clients", "1"],
        ),
        ("clients", {}, {"case": "2 clients", "clients": 2}, ["--clients", "2", "--rate", "closed"]),
        (
            "stream",
            {"runbook": "drift:0.5", "way": "anew"},
            {"case": "drift"},
            ["--runbook", "drift:0.5", "--way", "anew"],
        ),
    ],
)
def test_the_command_of_a_track_asks_the_same(rows, track, flags, facts, words):
    row = {**rows[0], "track": track, "track_flags": flags, **facts}
    said = shlex.split(recommend.command(row, extrapolate.grow(row, row["gallery"]), ""))
    place = said.index("--track")
    assert said[place : place + 2 + len(words)] == ["--track", track, *words] and said[place + 2 + len(words)] == "--k"


def test_of_clients_it_says_how_many_and_how_long_they_wait(made):
    row = made("Flat", index="flat", p50=0.1, p99=1.25).row | {"track": "clients", "clients": 8, "case": "8 clients"}
    text = render(choose([row], recall=0.5, memory=None, count=100_000, mode="single"))
    assert "1,000 QPS for 8 clients" in text and "p99 1.25 ms" in text and "1 thread" not in text


def test_what_flags_were_given_is_noted():
    flags = TrackFlags(track="foreign", near_queries=Path("a.npy"), seconds=10.0, processes=True)
    assert flags.given() == {"near_queries": "a.npy", "processes": True}


def test_nearest_misses(rows):
    misses = choose(rows, recall=0.95, memory=100_000_000, count=100_000, mode="single")
    assert names(misses) == ["M=16 ef=40", "OPQ16_64,IVF1024,PQ16 nprobe=8"]
    assert [miss.lacking for miss in misses] == ["needs 150 MB of memory", "reaches a recall of 0.6000 only"]
    only_recall = choose(rows, recall=0.999, memory=None, count=100_000, mode="single")
    assert [miss.lacking for miss in only_recall] == ["reaches a recall of 0.9900 only"]
    neither = choose(rows, recall=0.999, memory=1000, count=100_000, mode="single")
    assert [miss.lacking for miss in neither] == ["needs 40 MB of memory for a recall of 0.6000"]
    assert render(misses).startswith("nothing that was measured does") and "150 MB" in render(misses)


def test_the_command_can_be_given_to_run(rows):
    choice = choose(rows, recall=0.6, memory=2_000_000_000, count=1_000_000, mode="single")[0]
    words = shlex.split(choice.command)
    assert words[:6] == ["python", "-m", "ann_bench", "run", "--keep-indexes", "--data"]
    flags = dict(zip(words[5::2], words[6::2], strict=True))
    assert flags["--data"] == "VECTORS" and flags["--build"] == choice.grown.build and flags["--k"] == "10"
    search = {name: values[0] for name, values in grid.parse_search(flags["--search"]).items()}
    assert " ".join(f"{name}={value}" for name, value in search.items()) == choice.grown.search


@pytest.mark.parametrize(
    ("data", "count", "words"),
    [
        ("photo_sift", 100_000, ["--data photo_sift --metric euclidean --index"]),
        ("photo_sift-5000", 100_000, ["--data VECTORS --metric euclidean --index"]),
        ("own", 100_000, ["--data VECTORS --metric euclidean --index"]),
        ("photo_sift", 200_000, ["--data VECTORS --metric euclidean --index"]),
    ],
)
def test_the_command_names_the_data(made, data, count, words):
    row = made(data=data, mode="batch", threads=2).row
    command = choose([row], recall=0.5, memory=None, count=count, mode="batch")[0].command
    assert all(word in command for word in words) and command.endswith("--mode batch --threads 2")


def test_the_command_names_the_file_that_was_named(made):
    row = made(data="own").row
    for count, named in ((100_000, "--data 'my own.npy' "), (200_000, "--data VECTORS ")):
        command = choose([row], recall=0.5, memory=None, count=count, mode="single", file="my own.npy")[0].command
        assert named in command and "--keep-indexes" in command


def test_few_vectors_need_no_index(made):
    rows = [made("Flat", index="flat", gallery=600, qps=4000).row, made("M=16", index="hnswlib", gallery=600).row]
    wanted = {"count": 600, "mode": "single"}
    note = without_index(rows, **wanted)
    assert note == "600 vectors need no index: flat, exact search, answers 4,000 QPS on 1 thread"
    first, _, rest = render(choose(rows, recall=0.5, memory=None, **wanted), note=note).partition(note)
    assert "python -m" in first and "next best" in rest
    assert "about 400 QPS" in without_index(rows, count=6000, mode="single")
    assert not without_index(rows, count=10_000, mode="single") and not without_index(rows, count=600, mode="batch")


def test_the_memory_of_the_process_and_of_the_index_are_told_apart(made):
    row = made(index_bytes=200_000, search_peak_bytes=78_600_000, build_seconds=2).row
    told = [render(choose([row], recall=0, memory=None, count=n, mode="single")) for n in (100_000, 200_000, 10**7)]
    assert "78.6 MB of memory in all, index 200 kB, 2 s to build" in told[0]
    assert "about 78.8 MB of memory in all, index about 400 kB, about " in told[1] and "very" not in told[1]
    assert " of memory in all, index about 20 MB, very roughly " in told[2]
    unsaved = {**row, "index_bytes": 0}
    assert "78.6 MB of memory in all, 2 s" in render(
        choose([unsaved], recall=0, memory=None, count=10**5, mode="single")
    )


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ("own", "VECTORS"),
        ("photo_sift", "photo_sift"),
        ("photo_sift-q10", "VECTORS"),
        ("photo_sift-angular", "VECTORS"),
    ],
)
def test_the_metric_is_named(made, data, named):
    row = made(data=data, metric="angular").row
    command = choose([row], recall=0, memory=None, count=100_000, mode="single")[0].command
    assert f"--data {named} --metric angular" in command


def test_the_command_has_the_seed_and_the_device(made):
    point = made()
    assert (point.point.seed, point.point.device) == (0, "")
    ends = {}
    for seed, device in ((0, ""), (3, ""), (0, "gpus 0,1"), (3, "http://host:19530")):
        row = {**point.row, "seed": seed, "device": device}
        ends[seed, device] = choose([row], recall=0, memory=None, count=100_000, mode="single")[0].command
    plain = ends[0, ""]
    assert [end.removeprefix(plain) for end in ends.values()] == [
        "", " --seed 3", " --gpus 0,1", " --seed 3 --uri http://host:19530"]  # fmt: skip
    assert RunOptions(gpus="0,1").device() == "gpus 0,1" and RunOptions(uri="http://a:1").device() == "http://a:1"


def test_command(measured_folder, capsys):
    recommend.main(RecommendOptions(recall=0.95, memory="8GB", count="10M", out=measured_folder))
    text = capsys.readouterr().out
    assert text.startswith(
        "photo_sift: 10-recall@10 of 0.95 or more, 10,000,000 vectors, within 8 GB, one query at a time"
    )
    assert "hnswlib M=16,ef_construction=200" in text and "the next best families" in text and "about" in text
    assert all(line.endswith(f" --out {measured_folder}") for line in text.splitlines() if "ann_bench run" in line)
    recommend.main(RecommendOptions(out=measured_folder))
    text = capsys.readouterr().out
    assert "100,000 vectors" in text and "measured on" in text and "about" not in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"memory": "much"}, "--memory=much: is no amount"),
        ({"memory": "4"}, "--memory=4: .* write 4GB or 4MB"),
        ({"count": "some"}, "--count=some: is no number of vectors"),
        ({"recall": 95.0}, "--recall=95.0: must be from 0 to 1"),
        ({"mode": "sinle"}, "unknown mode 'sinle': did you mean single"),
        ({"mode": ""}, "unknown mode"),
    ],
)
def test_mistakes(measured_folder, options, words):
    with pytest.raises(InputError, match=words):
        recommend.main(RecommendOptions(out=measured_folder, **options))


def stream(made, build, way, writes, qps):
    found = made(build, index="hnswlib" if way == "removes" else "faiss_float", recall=0.97, qps=qps).row
    about = {"track": "stream", "case": "book", "way": way, "alive_most": 500, "last recall": 0.95}
    return {**found, **about, "inserts_per_second": 2 * writes, "writes_per_second": writes}


def test_of_a_stream_the_writes_are_told_and_can_be_asked_for(made, monkeypatch, capsys):
    rows = [stream(made, "NSG32", "built anew", 443, 9000), stream(made, "M=16", "removes", 8900, 3000)]
    monkeypatch.setattr(RecommendOptions, "load", lambda options: Measured("photo_sift", 10, rows, []))
    recommend.main(RecommendOptions(track="stream"))
    out = capsys.readouterr().out
    assert "500 at a time" in out and "0.9500 at the end, 886 inserts/s, 443 writes/s" in out
    assert "NSG32 nprobe=8 (built anew)" in out.partition("next best")[0] and "8,900 writes/s" in out
    recommend.main(RecommendOptions(track="stream", writes=1000))
    out = capsys.readouterr().out
    assert "1,000 writes a second or more" in out and "NSG32" not in out and "hnswlib M=16" in out
    with pytest.raises(RunFailed, match="writes 10,000 rows a second; the fastest 8,900"):
        recommend.main(RecommendOptions(track="stream", writes=10_000))
    rows[:] = [made(recall=0.97).row]
    with pytest.raises(InputError, match="--writes=5: belongs to --track=stream"):
        recommend.main(RecommendOptions(writes=5))


def test_under_a_track_exact_search_is_told_with_its_way(made):
    flat = made("Flat", index="flat", recall=1.0).row
    assert without_index([flat], count=2000, mode="single")
    assert not without_index([{**flat, "track": "range", "way": "by neighbors"}], count=2000, mode="single")
