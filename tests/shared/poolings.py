"""Poolings in slow, plain numpy, and feature maps of odd sizes with silent channels and places to try them on."""

import numpy as np

from embedding.mx import autograd, nd
from tests.shared.gradients import slopes

SIZES = [(1, 1), (1, 3), (3, 2), (5, 4)]


def maps(size, *, count=2, channels=3, seed=0):
    """Feature maps (count, channels, *size) from 0 on; a channel is silent and, where there are more, a place."""
    x = np.maximum(np.random.default_rng(seed).normal(0.4, 1, (count, channels, *size)), 0)
    x[x > 0] += 0.01
    x[0, 1] = 0
    if size > (1, 1):
        x[:, :, -1, 0] = 0
    return x


def unit(vector, eps=1e-10):
    """One vector (D,) at unit length."""
    return vector / np.sqrt(np.sum(vector**2) + eps)


def gem(x, p, eps=1e-6):
    """(B, C), p one number or one a channel."""
    out = np.zeros(x.shape[:2])
    p = np.broadcast_to(p, x.shape[1])
    for b, c in np.ndindex(*out.shape):
        values = [max(float(v), eps) ** p[c] for v in x[b, c].ravel()]
        out[b, c] = (sum(values) / len(values)) ** (1 / p[c])
    return out


def crow(x):
    """(B, C)."""
    out = np.zeros(x.shape[:2])
    for image, row in zip(x, out, strict=True):
        activity = unit(image.sum(axis=0).ravel()).reshape(image.shape[1:])
        share = np.array([np.count_nonzero(channel) / channel.size for channel in image]) + 1e-6
        for c, channel in enumerate(image):
            total = sum(channel[place] * np.sqrt(activity[place]) for place in np.ndindex(channel.shape))
            row[c] = total * np.log(share.sum() / share[c])
    return out


def over_regions(x, regions, pool, whiten=lambda vector: vector):
    """(B, D): the sum of the vectors of regions, (top, left, high, wide), each of them at unit length."""
    out = []
    for image in x:
        parts = [image[None, :, top : top + high, left : left + wide] for top, left, high, wide in regions]
        out.append(sum(whiten(unit(pool(part)[0])) for part in parts))
    return np.array(out)


def assert_slopes(function, slow, *arrays):
    """The values of ``function`` and its gradients by all ``arrays`` are those of ``slow``, by differences."""
    given = [nd.array(array) for array in arrays]
    for array in given:
        array.attach_grad()
    with autograd.record():
        found = function(*given)
        weights = np.random.default_rng(9).normal(size=found.shape)
        loss = (found * nd.array(weights)).sum()
    loss.backward()
    np.testing.assert_allclose(found.asnumpy(), slow(*arrays), rtol=1e-4, atol=1e-5)
    for i, array in enumerate(arrays):
        smooth = array > 0 if array.ndim == 4 and i == 0 else np.ones(array.shape, bool)  # a map is kinked at 0

        def total(values, i=i, array=array, smooth=smooth):
            at = array.astype(np.float64)
            at[smooth] = values
            return float((slow(*arrays[:i], at, *arrays[i + 1 :]) * weights).sum())

        found = given[i].grad.asnumpy()
        expected = slopes(total, array[smooth].astype(np.float64))
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found[smooth], expected, rtol=2e-3, atol=1e-4 * max(1, np.abs(expected).max()))
