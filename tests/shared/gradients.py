"""What the tests of all losses share: slopes by differences, how close is the same, a loss in a step of training."""

import numpy as np

from embedding.mx import autograd, mx, nd


def slopes(function, at: np.ndarray, *, step: float = 1e-6) -> np.ndarray:
    """The gradient of ``function``, a number for an array, by central differences in double precision."""
    found = np.zeros_like(at)
    for place in np.ndindex(at.shape):
        ahead, behind = at.copy(), at.copy()
        ahead[place] += step
        behind[place] -= step
        found[place] = (function(ahead) - function(behind)) / (2 * step)
    return found


def close(found: np.ndarray, expected: np.ndarray, *, scale: float = 1.0) -> None:
    """To 1e-5 of the largest number, or of ``scale`` where all are smaller."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * max(scale, np.abs(expected).max()))


def value_and_gradient(loss, rows, labels, seed=0):
    """The loss of ``rows`` in a step of training, and its gradient; all finite, that of its own parameters too."""
    mx.random.seed(seed)
    x = nd.array(rows)
    x.attach_grad()
    with autograd.record():
        found = loss(x, nd.array(labels))
    found.backward()
    assert found.shape == (1,)
    assert np.isfinite(found.asnumpy()).all()
    assert np.isfinite(x.grad.asnumpy()).all()
    for param in loss.collect_params().values():
        assert param.grad_req == "null" or np.isfinite(param.grad().asnumpy()).all(), param.name
    return found.asscalar(), x.grad.asnumpy()
