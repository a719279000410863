import numpy as np
import pytest

from embedding.reranking.matches_drawn import side_by_side
from embedding.reranking.verify import Match

NOTHING = Match(np.empty((0, 2), np.float32), np.empty((0, 2), np.float32))


def grey(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 100, np.uint8)


def test_both_stand_beside_each_other_at_one_height():
    drawn = side_by_side(grey(100, 200), np.full((400, 200, 3), 30, np.uint8), NOTHING, height=80)
    assert drawn.shape == (80, 160 + 8 + 40, 3)
    assert drawn.dtype == np.uint8
    assert (drawn[:, :160] == 100).all()
    assert (drawn[:, 160:168] == 255).all()
    assert (drawn[:, 168:] == 30).all()


def test_a_line_goes_from_feature_to_feature():
    match = Match(np.array([[0.25, 0.25]], np.float32), np.array([[0.5, 0.2]], np.float32))
    drawn = side_by_side(grey(100, 200), grey(200, 200), match, height=100)
    start, end = np.array([50, 50]), np.array([208 + 50, 20])
    colored = (drawn.max(axis=2).astype(int) - drawn.min(axis=2)) > 100
    for share in np.linspace(0.05, 0.95, 19):
        x, y = np.rint(start + share * (end - start)).astype(int)
        assert colored[y - 1 : y + 2, x].any()
    assert colored[:, :44].sum() == 0
    assert colored[:, 270:].sum() == 0


def test_sixty_of_many_lines_are_drawn_and_each_has_its_colour():
    places = np.column_stack((np.linspace(0, 1, 500), np.linspace(0, 1, 500))).astype(np.float32)
    drawn = side_by_side(grey(300, 300), grey(300, 300), Match(places, places), height=300)
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 60


@pytest.mark.parametrize(("one", "other"), [((1, 1), (500, 3)), ((3, 900), (2, 2))])
def test_odd_pictures_can_be_drawn(one, other):
    match = Match(np.array([[0.0, 1.0]], np.float32), np.array([[1.0, 0.0]], np.float32))
    assert side_by_side(grey(*one), grey(*other), match, height=50).shape[0] == 50
