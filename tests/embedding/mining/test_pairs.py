"""Tables over all pairs of a batch, against plain loops."""

import numpy as np
import pytest

from embedding.mining import pairs
from embedding.mx import nd


@pytest.mark.parametrize("labels", [[0, 0, 1, 2, 1], [3], [16_777_215, 0, 16_777_214, 0], [5, 5, 5]])
def test_tables_of_labels(labels):
    y = np.array(labels)
    same = pairs.same_class(nd, nd.array(y))
    assert (same.asnumpy() == (y[:, None] == y[None])).all()
    assert (pairs.other_image(nd, nd.array(y)).asnumpy() == 1 - np.eye(len(y))).all()
    expected = [1 < (y == label).sum() < len(y) for label in y]
    assert pairs.has_positive_and_negative(nd, same, nd.array(y)).asnumpy().tolist() == expected


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
def test_distances_of_near_rows_far_from_the_origin(scale):
    rows = (np.random.default_rng(0).standard_normal((6, 4)) * scale + 3).astype(np.float32)
    rows[1] = rows[0]
    x = rows.astype(np.float64)
    expected = np.sqrt(((x[:, None] - x[None]) ** 2).sum(axis=2) + 1e-8)
    np.testing.assert_allclose(pairs.distances(nd, nd.array(rows)).asnumpy(), expected, rtol=1e-6)


def test_log_sum_exp_and_mean_of_some():
    values = np.array([[1.0, 2.0, 300.0], [-5.0, 0.5, 0.5], [1.0, 1.0, 1.0]])
    chosen = np.array([[1, 1, 0], [1, 1, 1], [0, 0, 0]])
    found = pairs.log_sum_exp(nd, nd.array(values), nd.array(chosen)).asnumpy()
    expected = [[np.log(np.exp(row[use == 1]).sum())] for row, use in zip(values[:2], chosen[:2], strict=True)]
    np.testing.assert_allclose(found[:2], expected, rtol=3e-6)
    assert found[2] < -1e8
    assert pairs.mean(nd, nd.array(values), nd.array(chosen)).asscalar() == pytest.approx((1 + 2 - 5 + 1) / 5)
    assert pairs.mean(nd, nd.array(values), nd.zeros((3, 3))).asscalar() == 0
