"""An index without batch search has no picture of its batch points, unless there are others to compare it with."""

import pytest

from ann_bench.results import points, results
from ann_bench.views import comparisons, page, plot

SINGLE, ONE, TWO = ("single", 1), ("batch", 1), ("batch", 2)


@pytest.fixture
def rows(made):
    """Points of indexes in such modes on so many threads."""

    def rows(**conditions):
        return [
            made(build, index=index, mode=mode, threads=threads).row
            for index, found in conditions.items()
            for build in ("a", "b")
            for mode, threads in found
        ]

    return rows


@pytest.mark.parametrize(
    ("conditions", "compared", "alone"),
    [
        ({"annoy": [SINGLE, ONE], "hnswlib": [SINGLE, TWO]}, [SINGLE, TWO], ["annoy"]),
        ({"annoy": [SINGLE, ONE], "hnswlib": [SINGLE, ONE]}, [SINGLE, ONE], []),  # all on one thread
        ({"annoy": [ONE]}, [], ["annoy"]),
        ({"hnswlib": [SINGLE, ONE, TWO]}, [SINGLE, ONE, TWO], []),
        ({"another": [SINGLE, ONE]}, [SINGLE, ONE], []),  # measured where there was such an index
    ],
)
def test_batch_points_alone_are_compared_with_nothing(rows, conditions, compared, alone):
    found = rows(**conditions)
    assert list(comparisons.comparisons(found)) == compared
    assert comparisons.left_out(found) == alone
    assert all(
        len(part) == 2 * sum(pair in there for there in conditions.values())
        for pair, part in comparisons.comparisons(found).items()
    )


def test_neither_picture_nor_card_of_them_but_their_lines(tmp_path, made, caplog):
    for index, threads in (("annoy", 1), ("hnswlib", 2)):
        for mode, count in (("single", 1), ("batch", threads)):
            results.write(tmp_path, made(index=index, recall=0.99, mode=mode, threads=count))
    caplog.set_level("INFO")
    plot.main(plot.PlotOptions(out=tmp_path))
    folder = tmp_path / "photo_sift" / "10" / "plots"
    assert caplog.messages == [
        "no picture of batch points of annoy: it has no batch search",
        f"4 points, 4 pictures: {folder / 'index.html'}",
    ]
    names = {path.stem for path in folder.glob("*.svg")}
    assert names == {"recall-qps-single", "recall-qps-batch-2", "recall-memory", "recall-build"}
    text = (folder / "index.html").read_text()
    assert "all queries in one call, 1 thread" not in text and "all queries in one call, 2 threads" in text
    assert all(f'<tr id="p{place}"' in text for place in range(4))


def test_nothing_but_such_points_still_makes_a_page(tmp_path, made):
    results.write(tmp_path, made(index="annoy", mode="batch"))
    found = points.load(tmp_path)
    pictures = plot.draw(found.rows, tmp_path / "plots")
    assert {path.stem for path in pictures} == {"recall-memory", "recall-build"}
    assert "annoy" in page.write(found.rows, [], tmp_path / "plots", pictures=pictures).read_text()
