"""A team of workers: what it takes to be one, and that two workers train as one with two devices does.

Run by scripts/launch.py, this file is such a worker: it trains and writes its weights to the file that it is given.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from datasets.errors import InputError
from datasets.images.base import ImageSet
from embedding.batches.decode import Augmentation
from embedding.batches.loader import Batches
from embedding.batches.plan import ByClass
from embedding.losses.base import EmbeddingLoss
from embedding.mx import gluon, mx, nd
from embedding.network.net import EmbeddingNet
from embedding.training.fit import Optimizers, Schedule, fit
from embedding.training.workers import Team

ROOT = Path(__file__).resolve().parents[3]
NOTHING = np.zeros(0, np.int64)


class Regression(EmbeddingLoss):
    """A loss without chance, and with a parameter that has a rate of its own."""

    learning_rate, optimizer = 0.02, "sgd"

    def __init__(self):
        super().__init__()
        self.offset = self.params.get("offset", shape=(1,), init="zeros")

    def hybrid_forward(self, F, embeddings, labels, offset):
        found = F.broadcast_add(F.sum(embeddings, axis=1), offset)
        return F.mean(F.square(found - labels)).reshape((1,))


def trained(team: Team, contexts: list) -> dict[str, np.ndarray]:
    """The weights after two epochs of a small network with batch norm, on this worker's part of every batch."""
    pixels = np.random.default_rng(0).integers(0, 255, (48, 32, 32, 3)).astype(np.uint8)
    images = ImageSet("drawn", pixels, np.arange(48) % 6, tuple("abcdef"), np.arange(48), NOTHING, NOTHING)
    how = {"deal": ByClass(4, 2), "size": 32, "augmentation": Augmentation(0.5), "steps": 3}
    batches = Batches(images, **how, part=(team.rank, team.size))
    mx.random.seed(1 + team.rank)  # those of the first worker must come to count
    net, loss = EmbeddingNet(model="convnet", dim=3), Regression()
    net.initialize(mx.init.Xavier(), ctx=contexts)
    loss.initialize(ctx=contexts)
    for context in contexts:  # as an evaluation does before training: oneDNN lays out weights anew
        net(nd.zeros((1, 32, 32, 3), dtype="uint8", ctx=context)).wait_to_read()
    net.hybridize(static_alloc=True, static_shape=True)
    optimizers = Optimizers(net, loss, clip=0.5, team=team)
    for _ in fit(net, loss, batches.epoch, optimizers=optimizers, schedule=Schedule(0.01), epochs=2, contexts=contexts):
        pass
    params = [*net.collect_params().values(), *loss.collect_params().values()]
    return {f"{i} {param.grad_req}": param.list_data()[0].asnumpy() for i, param in enumerate(params)}


def launched(script: list[str]) -> subprocess.CompletedProcess:
    """What a cluster did, which ends whatever happens."""
    command = [sys.executable, str(ROOT / "scripts" / "launch.py"), "--workers=2", "--", *script]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment)


def test_two_workers_train_as_two_devices_do(tmp_path):
    done = launched([__file__, "dist_sync", str(tmp_path)])
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.npz", "1.npz"]
    first, second = (np.load(tmp_path / f"{rank}.npz") for rank in (0, 1))
    expected = trained(Team("device"), [mx.cpu(0), mx.cpu(1)])
    assert set(first) == set(second) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(first[name], values, rtol=1e-4, atol=1e-6, err_msg=name)
        if name.endswith("write"):  # others, such as running means, are each worker's own
            np.testing.assert_array_equal(second[name], first[name])
    assert done.stderr.splitlines() == ["worker 1: to be seen"]


def test_without_the_variables_the_command_that_sets_them_is_named(monkeypatch):
    monkeypatch.delenv("DMLC_ROLE", raising=False)
    with pytest.raises(InputError, match="--kvstore=dist_sync: DMLC_ROLE is not set; .*launch.py --workers=2 --"):
        Team("dist_sync")


def test_workers_each_for_itself_are_refused(monkeypatch):
    monkeypatch.setenv("DMLC_ROLE", "worker")
    with pytest.raises(InputError, match="--kvstore=device: this is one of several workers; add --kvstore=dist_sync"):
        Team("device")


def test_alone_a_team_passes_numbers_and_errors_on():
    with pytest.raises(InputError, match="^as it is$"), Team() as team:
        assert (team.rank, team.size, team.told(3)) == (0, 1, 3)
        raise InputError("as it is")


@pytest.mark.parametrize("kvstore", ["device", "local"])
def test_gradients_of_devices_are_summed_where_there_are_any(kvstore):
    layer = gluon.nn.Dense(2, in_units=3)
    layer.bias.grad_req = "null"
    layer.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
    layer.weight.list_data()[1][:] = 7
    team, params = Team(kvstore), list(layer.collect_params().values())
    team.share(params)
    for value, gradient in enumerate(layer.weight.list_grad(), start=1):
        gradient[:] = value
    team.add_up(params)
    for data, gradient in zip(layer.weight.list_data(), layer.weight.list_grad(), strict=True):
        np.testing.assert_array_equal(data.asnumpy(), layer.weight.list_data()[0].asnumpy())
        np.testing.assert_array_equal(gradient.asnumpy(), np.full((2, 3), 3))


def work(kvstore: str, folder: str) -> None:
    """One worker of the cluster of a test."""
    import logging

    logging.basicConfig(format="%(message)s", level=logging.INFO)
    with Team(kvstore) as team:
        assert team.told(41 + team.rank) == 41
        if team.rank:
            logging.info("not to be seen")
            logging.warning("to be seen")
        np.savez(f"{folder}/{team.rank}.npz", **trained(team, [mx.cpu()]))


if __name__ == "__main__":
    work(*sys.argv[1:])
