"""What others call a metric is understood; what nobody calls one gets a line that lists the names."""

import pytest

from datasets.errors import InputError
from datasets.vectors import metric_names

CALLED = {
    "euclidean": ("euclidean", "Euclidean", "l2", "L2"),
    "inner_product": ("inner_product", "inner-product", "INNER PRODUCT", "ip", "IP", "dot", "dot_product", " dot "),
    "angular": ("angular", "cosine", "Cosine", "COS"),
    "hamming": ("hamming", "HAMMING"),
}


@pytest.mark.parametrize(("own", "name"), [(own, name) for own, names in CALLED.items() for name in names])
def test_names_of_others_are_understood(own, name):
    assert metric_names.ours(name) == own


@pytest.mark.parametrize(("name", "words"), [("cosin", "did you mean cosine"), ("jaccard", "unknown"), ("", "unknown")])
def test_an_unknown_name_lists_those_that_are_known(name, words):
    with pytest.raises(InputError, match=words) as error:
        metric_names.ours(name)
    assert all(known in str(error.value) for known in ("euclidean", "hamming", "l2", "cosine", "ip", "dot"))
    assert "\n" not in str(error.value)


def test_every_name_is_described():
    assert metric_names.described().startswith("euclidean (l2), inner_product (ip, dot, dot_product), angular")
