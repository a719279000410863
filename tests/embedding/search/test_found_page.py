"""The page of a search by pictures: what asks, what answers, inliers and matches; and scores where it is judged."""

import numpy as np

from embedding.search import page
from embedding.search.page import Answer, Question, Table


def grey(name: str) -> np.ndarray:
    return np.full((4, 4, 3), 100, np.uint8)


def test_a_page_shows_what_was_asked_and_found(tmp_path):
    picture, lines = np.zeros((6, 8, 3), np.uint8), np.full((6, 16, 3), 200, np.uint8)
    answers = [Answer("a/<b>.jpg", 0.75, 31, lines), Answer("gone\udcff.jpg", 0.5, 0), Answer("c.jpg", 0.25)]
    asked = [Question("mine/photo.jpg", picture, answers), Question("none.jpg", picture, [])]
    written = page.write_found(tmp_path / "out", asked, ["3 pictures", "of a\udcff"], thumbnails=grey)
    text = written.read_text()
    assert text.count("data:image/jpeg;base64,") == 2 + 3 + 1
    for said in ("&lt;b&gt;.jpg", "gone?.jpg", "31 inliers", "0 inliers", "0.750", "Nothing else to find", "of a?"):
        assert said in text, said
    assert ".asked > figure img, .pairs img { max-height:" in text  # a strip of a picture is no page of its own
    assert text.count("What matches") == 1 and "http" not in text and "<table>" not in text
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["index.html"]


def test_scores_and_what_is_right_stand_on_it_where_it_is_judged(tmp_path):
    asked = [Question("q.jpg", grey(""), [Answer("a.jpg", 0.9, right=True), Answer("b.jpg", 0.8, right=False)])]
    table = Table("oxford5k", ["mAP"], [["resnet101", "0.8112"]])
    text = page.write_found(tmp_path, asked, [], tables=[table], title="gem.pth", thumbnails=grey).read_text()
    assert "<h1>gem.pth</h1>" in text and "<td>0.8112</td>" in text
    assert text.count("✓") == 1 and text.count("✗") == 1


def test_no_more_are_shown_than_a_page_can_hold(tmp_path, monkeypatch):
    monkeypatch.setattr(page, "_SHOWN", 2)
    asked = [Question("q.jpg", grey(""), [Answer(f"{i}.jpg", 0.5) for i in range(5)])]
    text = page.write_found(tmp_path, asked, [], thumbnails=grey).read_text()
    assert "The first 2 of 5." in text and "2.jpg" not in text
