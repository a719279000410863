"""Amounts: what people write is read, what makes no sense is named."""

import pytest

from ann_bench import units
from ann_bench.units import in_bytes, in_time, read_bytes, read_count, significant
from datasets.errors import InputError


@pytest.mark.parametrize(
    ("text", "value"),
    [("4GB", 4e9), ("4 gb", 4e9), ("4G", 4e9), ("1.5GiB", 1.5 * 2**30), ("512MiB", 2**29), ("100kB", 1e5)]
    + [("2TB", 2e12), ("1048576", 2**20), ("1e9", 1e9), ("800 B", 800), ("1,000,000", 1e6)],
)
def test_bytes(text, value):
    assert read_bytes(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10M", 1e7),
        ("250k", 250_000),
        ("1B", 1e9),
        ("1_000_000", 1e6),
        ("1,000,000", 1e6),
        ("1e6", 1e6),
        ("1.5m", 1.5e6),
    ],
)
def test_counts(text, value):
    assert read_count(text) == value


@pytest.mark.parametrize("text", ["", "GB", "-4GB", "4XB", "four", "0", "4 i", "4iB", "1,00", "nan", "inf"])
def test_what_is_no_amount(text):
    with pytest.raises(InputError, match=r"^--limit=.*4GB"):
        read_bytes(text, flag="--limit")
    with pytest.raises(InputError, match=r"^--rows=.*10M"):
        read_count(text, flag="--rows")


@pytest.mark.parametrize("text", ["4", "16", "1e3", "999_999"])
def test_a_small_number_without_a_unit_was_not_meant_as_bytes(text):
    with pytest.raises(InputError, match=f"^--memory={text}: .* write {text}GB or {text}MB$"):
        read_bytes(text)
    assert read_bytes(f"{text} B") == float(text.replace("_", ""))


def test_written():
    assert [in_bytes(value) for value in (0, 812, 52e6, 3.84e9, 384e9, 2.5e13)] == [
        "0 B", "812 B", "52 MB", "3.84 GB", "384 GB", "25 TB"]  # fmt: skip
    assert [in_bytes(value) for value in (999.4, 999.6, 999_600)] == ["999 B", "1 kB", "1 MB"]
    assert [in_time(value) for value in (0.05, 2, 61, 840, 12_600)] == ["0.05 s", "2 s", "61 s", "14 min", "3.5 h"]
    assert significant(999.7) == "1,000"
    assert [significant(value) for value in (0, 0.1234, 12.34, 999, 4567, 1234567)] == [
        "0", "0.123", "12.3", "999", "4,570", "1,230,000"]  # fmt: skip


@pytest.mark.parametrize("value", [1, 999, 12_345, 7.7e8, 9.99e11])
def test_what_is_written_can_be_read(value):
    assert read_bytes(in_bytes(value)) == pytest.approx(value, rel=6e-3)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30min", 1800), ("1.5h", 5400), ("1h30min", 5400), ("0.5 min", 30), ("2d", 172800)],
)
def test_times(text, seconds):
    assert units.read_seconds(text, flag="--budget") == seconds


@pytest.mark.parametrize("text", ["", "30", "min", "0s", "3x", "1h30", "-3s", "soon"])
def test_no_times(text):
    with pytest.raises(InputError, match=f"--budget={text}: is no time; write 90s"):
        units.read_seconds(text, flag="--budget")
