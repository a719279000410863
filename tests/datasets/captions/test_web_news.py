"""Web news: its tables without a header, and the dev part held out of its training photographs."""

import numpy as np
import pytest

from datasets.captions import web_news
from datasets.errors import InputError


@pytest.fixture
def root(write, tmp_path, monkeypatch):
    monkeypatch.setattr(web_news, "COUNTS", {"train": 7, "dev": 1, "test": 4})
    return write.web_news(tmp_path / "web_news")


def test_dev_is_held_out_of_the_training_photographs(root):
    found = web_news.load(root.parent)
    assert (len(found.train), len(found.dev), found.test.tolist()) == (7, 1, [8, 9, 10, 11])
    assert np.array_equal(found.image_of, np.arange(12)) and found.captions[2] == "参观者0号"
    assert set(found.dev) <= set(range(8)) and web_news.load(root).fingerprint() == found.fingerprint()


def test_other_counts_are_told(root):
    (root / "test.tsv").write_text("images/0008.jpg\t3\t狗\n", encoding="utf-8")
    with pytest.raises(InputError, match="has 1 images in its test part, where Web news has 4"):
        web_news.load(root)


@pytest.mark.parametrize(
    "line, complaint",
    [
        ("images/0008.jpg\t狗", "test.tsv, line 1: expected path<TAB>category<TAB>caption, found"),
        ("images/0008.jpg\tsport\t狗", "test.tsv, line 1: expected"),
        ("images/0008.jpg\t3\t ", "test.tsv, line 1: .* has an empty caption"),
        ("images/none.jpg\t3\t狗", "test.tsv, line 1: image .*none.jpg is missing"),
        ("images/0001.jpg\t3\t狗", "test.tsv, line 1: .*0001.jpg is to test here and to train in .*train.tsv, line 2"),
    ],
)
def test_a_wrong_line_is_told(root, line, complaint):
    (root / "test.tsv").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        web_news.load(root)
