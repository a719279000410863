"""Many right-hand sides at once give what SciPy's solver gives for each, step by step and in the end."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.linalg import cg

from embedding.reranking import graph
from embedding.reranking.conjugate_gradients import solve


@pytest.fixture
def links(clustered):
    return graph.of_gallery(clustered(300)[0], k=8)


@pytest.fixture
def wanted():
    rng = np.random.default_rng(0)
    return (rng.random((300, 7)) * (rng.random((300, 7)) < 0.03)).astype(np.float32)


@pytest.mark.parametrize("alpha", [0.5, 0.99])
def test_the_solution_is_that_of_the_dense_system(links, wanted, alpha):
    found = solve(links, wanted, alpha=alpha, steps=300, tolerance=1e-7)
    exact = np.linalg.solve(np.eye(300) - alpha * links.toarray().astype(np.float64), wanted)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, exact, atol=3e-5 * np.abs(exact).max())


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_after_few_steps_it_stands_where_scipy_stands(links, wanted, steps):
    found = solve(links, wanted, steps=steps, tolerance=0)
    system = csr_array(np.eye(300) - 0.99 * links.toarray().astype(np.float64))
    for column in range(wanted.shape[1]):
        theirs, _ = cg(system, wanted[:, column].astype(np.float64), rtol=0, maxiter=steps)
        np.testing.assert_allclose(found[:, column], theirs if steps else 0, atol=1e-5)


def test_columns_do_not_depend_on_each_other(links, wanted):
    together = solve(links, wanted, tolerance=0)
    for column in range(wanted.shape[1]):
        np.testing.assert_allclose(together[:, column], solve(links, wanted[:, [column]], tolerance=0)[:, 0], atol=1e-5)


def test_it_ends_where_all_are_right_enough(links, wanted):
    near = solve(links, wanted, alpha=0.5, steps=500, tolerance=1e-3)
    left = wanted - (near - 0.5 * (links @ near))
    share = np.linalg.norm(left, axis=0) / np.linalg.norm(wanted, axis=0)
    assert share.max() < 1.1e-3 and share.min() > 1e-6  # not further than it was asked to go


def test_empty_columns_stay_empty_and_no_row_is_no_trouble(links, wanted):
    wanted[:, 3] = 0
    found = solve(links, wanted)
    assert not found[:, 3].any() and np.isfinite(found).all() and found[:, 2].any()
    assert solve(csr_array((0, 0), dtype=np.float32), np.zeros((0, 2), np.float32)).shape == (0, 2)


def test_what_is_linked_to_nothing_keeps_what_it_has():
    wanted = np.array([[1.0], [2.0]], np.float32)
    np.testing.assert_array_equal(solve(csr_array((2, 2), dtype=np.float32), wanted), wanted)
