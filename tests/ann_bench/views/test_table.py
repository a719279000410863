"""The table: aligned, the front or everything, and what failed."""

import re

from ann_bench.results.points import load
from ann_bench.views import table


def test_the_front_of_each_mode(measured_folder, capsys):
    table.main(table.TableOptions(out=measured_folder))
    lines = capsys.readouterr().out.splitlines()
    names = "index,build,search,mode,threads,recall,1-recall@1,QPS,QPS low,p99 ms,bytes/vector,build s"
    assert ",".join(re.split("  +", lines[0])) == names
    shown = [line.split()[0] for line in lines[1:-1]]
    assert [word.strip("-") for word in shown] == ["", "annoy", "hnswlib", "flat"] * 2
    assert lines[-1] == "failed: faiss_float IVF65536,Flat (2 points), build: killed: more than <4 GB>"


def test_equals_of_the_front_are_marked(made):
    def row(recall, qps):
        return made(recall=recall, qps=qps, **{"k-recall@10 low": recall - 0.02, "k-recall@10 high": recall + 0.02}).row

    rows = [row(0.9, 1000), row(0.89, 900), row(0.7, 900), row(0.89, 400)]  # runs are up to twice as slow
    lines = table.render(rows).splitlines()
    assert [re.split("  +", line)[5:8] for line in lines[2:]] == [
        ["=", "0.8900", "0.8700"], ["0.9000", "0.8800", "0.9000"]]  # fmt: skip
    assert "=" not in table.columns(rows) and "  =  " not in table.render(rows, every=True)


def test_columns_are_aligned(measured_folder):
    rows = load(measured_folder).rows
    lines = table.render(rows, every=True).splitlines()
    assert len(lines) == 1 + 2 + len(rows)
    starts = [
        place for place in range(len(lines[1])) if lines[1][place] == "-" and (place == 0 or lines[1][place - 1] == " ")
    ]
    for line in lines:
        assert all(line[start - 2 : start] == "  " for start in starts[1:]), line
    single = [line for line in lines if " single " in line]
    recalls = [float(line[starts[5] :].split()[0]) for line in single]
    assert recalls == sorted(recalls) and len(recalls) == 16


def test_figures(made):
    known = {"recall": 0.98765, "qps": 12345, "search": {"nprobe": 8, "ht": 54}, "label recall loss": 0.0123}
    row = made(**known).row
    cells = table.cells(row)
    assert cells["recall"] == "0.9877" and cells["QPS"] == "12,300" and cells["search"] == "nprobe=8 ht=54"
    assert cells["p99 ms"] == "0.081" and cells["bytes/vector"] == "520" and cells["label loss"] == "0.0123"
    assert "label loss" in table.columns([made().row, row]) and "label loss" not in table.columns([made().row])
    assert "bytes/vector" not in table.cells({**row, "bytes_per_vector": None})
