"""The export: every point with all that is known, read back by the ordinary readers."""

import csv
import json

import pytest

from ann_bench.results import results
from ann_bench.views import export
from datasets.errors import InputError


def test_csv_has_every_point_and_column(measured_folder, tmp_path, made, caplog):
    caplog.set_level("INFO")
    results.write(measured_folder, made(data="glyphs", **{"label recall loss": 0.25}))
    path = tmp_path / "new" / "all.csv"
    export.main(export.ExportOptions(out=measured_folder, to=path))
    lines = list(csv.DictReader(path.read_text().splitlines()))
    expected = [result.row for result in results.read_all(measured_folder)]
    assert len(lines) == len(expected) == 33 and caplog.messages == [f"33 points: {path}"]
    for line, row in zip(lines, expected, strict=True):
        assert float(line["qps"]) == row["qps"] and line["build"] == row["build"] and line["cpu"] == "CPU <1>"
        assert json.loads(line["versions"]) == row["versions"]
        assert line["label recall loss"] == ("0.25" if row["data"] == "glyphs" else "")


def test_json_lines(measured_folder, tmp_path):
    path = tmp_path / "all.jsonl"
    export.main(export.ExportOptions(out=measured_folder, mode="batch", to=path))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines == [result.row for result in results.read_all(measured_folder) if result.point.mode == "batch"]


def test_mistakes(measured_folder, tmp_path):
    with pytest.raises(InputError, match=r"--to=.*all.xlsx: must end in .csv or .jsonl"):
        export.main(export.ExportOptions(out=measured_folder, to=tmp_path / "all.xlsx"))
    with pytest.raises(InputError, match="there are no results of --data=sift1m"):
        export.main(export.ExportOptions(out=measured_folder, data="sift1m"))
    with pytest.raises(InputError, match="there are no results in this folder"):
        export.main(export.ExportOptions(out=tmp_path / "nowhere"))
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        export.write([{"a": 1}], tmp_path / "file" / "all.csv")
