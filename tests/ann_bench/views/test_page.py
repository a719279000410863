"""The page: whole, self-contained, every point and failure in it, links that lead somewhere, ids that are unique."""

import re

import pytest

from ann_bench.results import points
from ann_bench.views import page
from datasets.errors import InputError


@pytest.fixture
def written(drawn, tmp_path):
    found, pictures = drawn
    return found, page.write(found.rows, found.failures, tmp_path / "page", pictures=pictures).read_text()


def test_needs_nothing_beside_it(written):
    text = re.sub(r'xmlns(:xlink)?="[^"]*"|createElementNS\("[^"]*"', "", written[1])
    assert "http" not in text and "src=" not in text and "<link" not in text and "<?xml" not in text
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', text))


def test_every_link_has_its_target_and_every_id_is_unique(written):
    ids = re.findall(r'\bid="([^"]*)"', written[1])
    assert len(ids) == len(set(ids))
    targets = re.findall(r'href="#([^"]*)"', written[1]) + re.findall(r"url\(#([^)]*)\)", written[1])
    assert len(targets) > 100 and set(targets) <= set(ids)


def test_every_point_is_in_the_table(written):
    found, text = written
    for place, row in enumerate(found.rows):
        line = text[text.index(f'<tr id="p{place}"') :].split("</tr>")[0]
        words = [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td.*?</td>", line, re.S)]
        assert words[:6] == [
            row["index"],
            row["build"],
            row["search"],
            row["mode"],
            str(row["threads"]),
            f"{row['k-recall@10']:.4f}",
        ]
    assert text.count('class="front"') == sum(
        len(points.front(part)) for part in points.by_conditions(found.rows).values()
    )


def test_failures_are_told_once_with_their_reason(written):
    text = written[1]
    assert text.count("killed: more than &lt;4 GB&gt;") == 1 and "IVF65536,Flat" in text and "2 points" in text


def test_cards_tell_the_fastest_at_each_recall(written):
    found, text = written
    cards = re.findall(r'<a class="card" href="#p(\d+)"><i>recall ([\d.]+) or better · (.*?)</i>', text)
    assert [(goal, words) for _, goal, words in cards] == [
        (goal, words)
        for words in ("one query at a time, 1 thread", "all queries in one call, 2 threads")
        for goal in ("0.9", "0.95", "0.99")
        if max(row["k-recall@10"] for row in found.rows) >= float(goal)
    ]
    for place, goal, words in cards:
        good = [row for row in found.rows if row["k-recall@10"] >= float(goal) and points.conditions(row) == words]
        assert found.rows[int(place)]["qps"] == max(row["qps"] for row in good)


def test_the_machine_and_the_set_are_told(written):
    text = written[1]
    for words in (
        "CPU &lt;1&gt;",
        "faiss 1.15.1",
        "2026-01-02 03:04",
        "aa11",
        "gt.ivecs 1a2b3c4d",
        "100,000 vectors",
        "128 dimensions",
    ):
        assert words in text


def test_without_pictures_failures_and_labels(made, tmp_path):
    text = page.write([made(metric="hamming").row], [], tmp_path).read_text()
    assert (
        "<svg" not in text.replace("svg a", "")
        and "Failures" not in text
        and "label" not in text.split("<main>")[1].split("tools")[0]
    )
    assert "128 bits" in text


def test_labels_have_columns(made, tmp_path):
    known = {"label recall@10": 0.71, "exact label recall@10": 0.75, "label recall loss": 0.04}
    text = page.write([made(**known).row], [], tmp_path).read_text()
    assert "<th>label loss</th>" in text and "0.0400" in text and "0.7100" in text


def test_a_folder_that_cannot_be_written(made, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="the page cannot be written there"):
        page.write([made().row], [], tmp_path / "file" / "page")


def test_cases_and_ways_of_a_track_are_told_apart(made, tmp_path):
    asked = {"easy": 0.9, "hard": 0.02}
    rows = [
        made("M=8", index="hnswlib", recall=0.97, qps=qps).row
        | {"track": "filter", "case": case, "way": way, "selectivity": asked[case]}
        for case, way, qps in (("easy", "native", 9000), ("hard", "native", 200), ("hard", "post-filter", 2000))
    ]
    text = page.write(rows, [], tmp_path).read_text()
    cards = re.findall(r'<a class="card" href="#p(\d)"><i>(\w+) · recall 0.95 or better', text)
    assert cards == [("0", "easy"), ("2", "hard")] and "nprobe=8 (post-filter)</i>" in text
    lines = re.findall(r'<tr id="p(\d)"[^>]*?(front)?"?>(.*?)</tr>', text, re.S)
    words = [re.findall(r"<td[^>]*>([^<]*)</td>", cells)[:2] for _, _, cells in lines]
    assert words == [["easy", "native"], ["hard", "native"], ["hard", "post-filter"]]
    assert [front for _, front, _ in lines] == ["front", "", "front"], "every case has a front of its own"
    assert "<th>passing</th>" in text and "pale band" not in text and "its case, mode" in text


def test_what_was_asked_at_a_rate_has_no_card(made, tmp_path):
    asked = {"track": "clients", "case": "2 clients at 50 a second", "rate": 50.0, "way": "", "clients": 2}
    closed = {**asked, "case": "2 clients", "rate": None}
    rows = [made(recall=1.0).row | about for about in (asked, closed)]
    text = page.write(rows, [], tmp_path).read_text()
    assert re.findall(r'class="card" href="#p(\d)"', text) == ["1"]
    assert re.findall(r'<tr id="p(\d)"', text) == ["1", "0"], "as the track orders them"
