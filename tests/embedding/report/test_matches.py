"""Matches in a report: a query beside the answer that its features agree with, right or wrong; none without files."""

import numpy as np
import small_things

from datasets.stored import vectors_file
from datasets.vectors.base import VectorSet
from embedding.report.matches import matched
from embedding.report.page import write_report


def things(root, dim=4):
    """Four things, whose vectors tell nothing: their photographs ask, their references answer."""
    small_things.write(root)
    paths = [
        str(root / f"{part}/thing{i}-{{}}.png") for part, i in zip(["books"] * 3 + ["doors"], range(4), strict=True)
    ]
    same = np.ones((4, dim), np.float32)
    labels = np.arange(4)
    named = {role: tuple(path.format(role) for path in paths) for role in ("query", "reference")}
    return VectorSet(
        "things",
        "inner_product",
        same,
        same.copy(),
        gallery_labels=labels,
        query_labels=labels,
        gallery_paths=named["reference"],
        query_paths=named["query"],
        class_names=tuple("abcd"),
    )


def test_every_query_is_beside_its_thing(tmp_path):
    found = matched(things(tmp_path), np.arange(4), 4, tmp_path / "features")
    assert len(found) >= 3 and all(one.right and one.inliers >= 6 for one in found)
    assert all(one.names[0].replace("-query", "-reference") == one.names[1] for one in found)


def test_the_report_shows_them_where_asked_for(tmp_path):
    vectors_file.save(tmp_path / "v.h5", things(tmp_path))
    text = write_report(tmp_path / "v.h5", tmp_path / "with", rerank=3).read_text()
    assert "What matches" in text and "features agree" in text
    assert "What matches" not in write_report(tmp_path / "v.h5", tmp_path / "without").read_text()


def test_pictures_that_are_no_files_match_nothing(tmp_path):
    vectors = things(tmp_path)
    named = {"gallery_paths": ("gone.jpg",) * 4, "query_paths": tuple(f"glyphs[{i}]" for i in range(4))}
    lost = VectorSet(**{**vars(vectors), **named})
    assert matched(lost, np.arange(4), 2, tmp_path / "features") == []


def test_a_gallery_of_the_query_alone_has_no_match(tmp_path):
    vectors = things(tmp_path)
    path = vectors.query_paths[:1]
    labels = vectors.query_labels[:1]
    one = np.ones((1, 4), np.float32)
    alone = VectorSet("one", "inner_product", one, one, None, None, labels, labels, path, path, ("a",))
    assert matched(alone, np.arange(1), 4, tmp_path / "features") == []
