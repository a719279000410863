"""A run folder as workers other than the first see it: read, compared, and never written."""

import json

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.losses.base import EmbeddingLoss
from embedding.mx import gluon, mx
from embedding.training.fit import Optimizers
from embedding.training.run import Run, SeenRun

OPTIONS = {"lr": 0.1, "epochs": 3, "name": "a", "gpus": "0"}


def make(seed: int):
    mx.random.seed(seed)
    net, loss = gluon.nn.Dense(2, in_units=3), EmbeddingLoss()
    net.initialize(mx.init.Xavier())
    return net, loss, Optimizers(net, loss)


def test_a_seen_run_is_restored_and_left_as_it_is(tmp_path):
    run, saved = Run(tmp_path, OPTIONS), make(1)
    run.save(2, *saved)
    (tmp_path / "last.new").mkdir()  # the first worker may be about to save
    before = sorted(path.name for path in tmp_path.rglob("*"))
    seen, restored = SeenRun(tmp_path), make(2)
    seen.check(OPTIONS, 2)
    seen.restore(*restored, [mx.cpu()])
    np.testing.assert_array_equal(restored[0].weight.data().asnumpy(), saved[0].weight.data().asnumpy())
    assert seen.epoch == 2
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("change", [{"gpus": "1"}, {"name": "b"}])
def test_workers_may_differ_in_where_they_run(tmp_path, change):
    Run(tmp_path, OPTIONS)
    SeenRun(tmp_path).check({**OPTIONS, **change}, 0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"lr": 0.2}, "lr=0.2, but the first worker has 0.1"),
        ({"epochs": 4}, "epochs=4, but the first worker has 3"),
        ({"clip": 1}, "clip=1, but the first worker has None"),
    ],
)
def test_workers_with_other_flags_are_refused(tmp_path, change, told):
    Run(tmp_path, OPTIONS)
    with pytest.raises(InputError, match=f"{told}: give all the same flags"):
        SeenRun(tmp_path).check({**OPTIONS, **change}, 0)


def test_a_folder_that_is_not_the_first_worker_s_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not that of the first worker, at epoch 0: all workers must see one disk"):
        SeenRun(tmp_path).check(OPTIONS, 0)
    Run(tmp_path, OPTIONS).save(1, *make(1))
    with pytest.raises(InputError, match="at epoch 2"):
        SeenRun(tmp_path).check(OPTIONS, 2)


def test_a_run_may_go_on_with_another_store(tmp_path):
    Run(tmp_path, {**OPTIONS, "kvstore": "dist_sync"}).save(1, *make(1))
    Run(tmp_path, {**OPTIONS, "kvstore": "device"})
    assert json.loads((tmp_path / "options.json").read_text())["kvstore"] == "device"
