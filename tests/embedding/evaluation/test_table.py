"""Tables of text: by hand."""

from embedding.evaluation.table import aligned


def test_first_cells_stand_left_and_all_others_right():
    rows = [["", "recall", "nmi"], ["margin", "0.5", "0.25"], ["npair", "0.123", ""]]
    assert aligned(rows).splitlines() == ["       recall  nmi", "margin    0.5 0.25", "npair   0.123"]
    assert aligned([["a", "1"]], least=3) == "a   1"
