"""What the tests of all losses share: slopes by differences, and how close is the same."""

import numpy as np


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
