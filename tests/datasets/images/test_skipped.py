"""Skipped: what is noted, how many are too many and when, and the file that has them all."""

import csv
from concurrent.futures import ThreadPoolExecutor

import pytest

from datasets.errors import InputError
from datasets.images.pixels import Unreadable
from datasets.images.skipped import Skipped, beside_file


def noted(total, count, **how) -> Skipped:
    skipped = Skipped(total, **how)
    for i in range(count):
        skipped.add(Unreadable(f"{i:03}.jpg", "is empty"))
    return skipped


def test_a_path_counts_once_and_is_known():
    skipped = noted(30, 4)
    skipped.add(Unreadable("002.jpg", "is empty"))
    assert len(skipped) == 4
    assert "002.jpg" in skipped and "004.jpg" not in skipped
    assert list(skipped.reasons) == [f"{i:03}.jpg" for i in range(4)]


@pytest.mark.parametrize(
    "total, max_bad, allowed", [(25, 0.1, 20), (200, 0.1, 20), (300, 0.1, 30), (100, 0.29, 29), (50, 1, 49), (40, 0, 0)]
)
def test_so_many_are_allowed_and_not_one_more(total, max_bad, allowed):
    noted(total, allowed, max_bad=max_bad)
    with pytest.raises(InputError, match="can be read|cannot be read"):
        noted(total, allowed + 1, max_bad=max_bad)


def test_one_too_many_is_told_with_the_flag_and_some_names():
    with pytest.raises(InputError) as error:
        noted(300, 31)
    some = "000.jpg (is empty); 001.jpg (is empty); 002.jpg (is empty) and 28 more"
    assert str(error.value) == (
        f"31 of 300 pictures cannot be read, --max-bad=0.1 allows 30: {some}; mend or remove them, or raise --max-bad"
    )


def test_where_none_can_be_read_so_few_that_all_are_allowed_it_is_an_error():
    with pytest.raises(InputError, match=r"none of 3 pictures can be read: 000.jpg \(is empty\); 001.*; mend them"):
        noted(3, 3, max_bad=1)
    noted(3, 2)


def test_a_share_too_large_ends_a_long_job_after_the_first_thousand_files():
    skipped = noted(1_000_000, 101)
    for _ in range(9):
        skipped.look(110)
    with pytest.raises(InputError, match="^101 of 1,000 pictures cannot be read, --max-bad=0.1 allows 100: "):
        skipped.look(10)
    noted(1_000_000, 100).look(1000)


def test_looking_at_the_same_files_again_allows_no_more():
    skipped = noted(300, 30)
    for _ in range(20):
        skipped.look(300)
    with pytest.raises(InputError, match="31 of 300 .* allows 30"):
        skipped.add(Unreadable("999.jpg", "is empty"))


def test_threads_lose_none():
    skipped = Skipped(10_000, max_bad=0.5)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: (skipped.add(Unreadable(str(i % 500), "")), skipped.look(1)), range(4000)))
    assert len(skipped) == 500


def test_names_in_any_bytes_come_back_from_the_file(tmp_path):
    names = ["a,b.jpg", 'c"d.jpg', "e\nf.jpg", "g\r.jpg", b"h\xff.jpg".decode("utf-8", "surrogateescape"), "ü.jpg"]
    skipped = Skipped(100)
    for name in names:
        skipped.add(Unreadable(name, f"reason of {name}"))
    skipped.save(tmp_path / "new" / "skipped.csv")
    again = Skipped(100)
    again.load(tmp_path / "new" / "skipped.csv")
    assert again.reasons == skipped.reasons
    assert sorted(again.reasons) == sorted(names)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["skipped.csv"]


def test_the_file_is_plain_and_gone_when_nothing_was_skipped(tmp_path):
    file = tmp_path / "skipped.csv"
    noted(30, 2).save(file)
    with file.open() as rows:
        assert list(csv.reader(rows)) == [["path", "reason"], ["000.jpg", "is empty"], ["001.jpg", "is empty"]]
    Skipped(30).save(file)
    assert not file.exists()
    Skipped(30).save(file)


def test_what_was_noted_before_is_taken_in_and_counts(tmp_path):
    file = tmp_path / "skipped.csv"
    noted(60, 19).save(file)
    skipped = Skipped(60)
    skipped.load(tmp_path / "not there")
    skipped.load(file)
    skipped.add(Unreadable("000.jpg", "is empty"))
    assert len(skipped) == 19
    skipped.add(Unreadable("100.jpg", "is empty"))
    with pytest.raises(InputError, match="21 of 60"):
        skipped.add(Unreadable("101.jpg", "is empty"))


@pytest.mark.parametrize("content", [b"name,why\na,b\n", b"path\na.jpg\n"])
def test_another_file_of_that_name_is_told(content, tmp_path):
    (tmp_path / "skipped.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"skipped.csv: cannot be read \(no list of skipped pictures\); remove it"):
        Skipped(3).load(tmp_path / "skipped.csv")


def test_what_there_is_to_say(tmp_path):
    assert Skipped(5).line() == ""
    said = "skipped 2 of 1,000 pictures that cannot be read: 000.jpg (is empty); 001.jpg (is empty)"
    assert noted(1000, 2).line() == said
    assert noted(1000, 2).line(tmp_path / "s.csv") == f"{said}; all in {tmp_path / 's.csv'}"
    assert beside_file(tmp_path / "cats.h5") == tmp_path / "cats.skipped.csv"
