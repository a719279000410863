"""The hash step and its peer do the same, which only an environment with torch can show (``make bench``'s)."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

SOURCE = Path(__file__).resolve().parents[2] / "benchmarks" / "hash_step.py"


def test_the_cases_and_their_bar():
    """Read, not imported: the environment of the tests has no torch."""
    names = {}
    for node in ast.parse(SOURCE.read_text()).body:
        if isinstance(node, ast.Assign):
            names |= zip(map(ast.unparse, node.targets), [node.value], strict=True)
    bits = ast.literal_eval(names["(BATCHES, FEATURES, BITS, CLASSES)"])
    assert bits[0] == (64, 256) and bits[2] == 64
    assert ast.literal_eval(names["AT_LEAST"]) == 1.0
    peers = ast.parse((SOURCE.parent / "hash_peers.py").read_text()).body
    losses = next(node.value for node in peers if isinstance(node, ast.AnnAssign))
    assert ast.unparse(losses) == "{'hashnet': hashnet, 'dch': dch, 'triplet': triplet}"


@pytest.mark.parametrize("name", ["hashnet", "dch", "triplet"])
@pytest.mark.parametrize("batch", [32, 64])
def test_both_sides_have_the_same_loss_and_gradients(name, batch, monkeypatch, capsys):
    pytest.importorskip("torch")
    import hash_step
    import paired

    monkeypatch.setattr(hash_step, "fastest_threads", lambda step, **how: step() or 1)
    monkeypatch.setattr(paired, "compare", lambda case, ours, peer, **facts: ours() or peer())
    hash_step.measure(name, batch)
    line = json.loads(capsys.readouterr().out)
    assert line["verdict"] == "passed" and line["ours"] < 1e-5


def test_after_their_updates_both_sides_have_the_same_weights():
    pytest.importorskip("torch")
    import hash_step

    rng = np.random.default_rng(0)
    features, labels = rng.standard_normal((64, hash_step.FEATURES), np.float32), rng.integers(0, 10, 64)
    ours = hash_step.Ours("hashnet", features, labels)
    peer = hash_step.Peer("hashnet", features, labels, ours=ours)
    before = ours.layer.weight.data().asnumpy()
    for _ in range(3):
        ours.step()
        peer.step()
    after = ours.layer.weight.data().asnumpy()
    assert abs(after - before).max() > 2e-4
    # Adam divides by the root of what may be almost 0, to which the two add their epsilon at different places.
    assert np.isclose(after, peer._layer.weight.detach().numpy(), rtol=0, atol=2e-5).mean() > 0.999
