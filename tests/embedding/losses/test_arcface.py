"""ArcFace against its formula, value and gradients."""

import numpy as np
import pytest

from embedding.losses.arcface import ArcFaceLoss, widened
from embedding.mx import autograd, nd


def plain(embeddings, weight, labels, scale, margin):
    """One image at a time, by angles; sines below 0.001 count as 0.001 and have no slope."""
    total = 0.0
    for x, label in zip(embeddings, labels, strict=True):
        cosines = np.array([x @ w / np.linalg.norm(w) for w in weight])
        theta = np.arccos(np.clip(cosines[label], -1, 1))
        if theta > np.pi - margin:
            target = cosines[label] - margin * np.sin(margin)
        else:
            sine = np.sqrt(max(1 - cosines[label] ** 2, 1e-6))
            target = cosines[label] * np.cos(margin) - sine * np.sin(margin)
        logits = scale * cosines
        logits[label] = scale * target
        total += np.log(np.exp(logits - logits[label]).sum())
    return total / len(labels)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("scale", "margin"), [(64.0, 0.5), (16.0, 0.3), (1.0, 1.0)])
def test_equals_the_formula(equals_plain, batch, scale, margin, compiled):
    loss = ArcFaceLoss(classes=6, dim=5, scale=scale, margin=margin)
    loss.initialize()
    loss.hybridize(compiled, static_alloc=True)
    equals_plain(loss, lambda *numbers: plain(*numbers, scale, margin), *batch, scale=scale)


def test_the_angle_is_widened_until_pi_less_the_margin():
    theta = np.linspace(0.01, np.pi - 0.01, 200)
    found = widened(nd, nd.array(np.cos(theta)), margin=0.5).asnumpy()
    near = theta < np.pi - 0.5
    np.testing.assert_allclose(found[near], np.cos(theta[near] + 0.5), atol=1e-6)
    np.testing.assert_allclose(found[~near], np.cos(theta[~near]) - 0.5 * np.sin(0.5), atol=1e-6)
    assert near.any()
    assert (~near).any()


def test_its_slope_is_finite_where_the_cosine_is_1_or_beyond():
    cosine = nd.array([-1.0000001, -1, 0, 1, 1.0000001])
    cosine.attach_grad()
    with autograd.record():
        value = widened(nd, cosine, margin=0.5)
    value.backward()
    assert np.isfinite(value.asnumpy()).all()
    assert np.abs(cosine.grad.asnumpy()).max() <= 1
