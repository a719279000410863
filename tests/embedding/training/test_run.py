"""The run folder: what survives a kill, a full disk and other options."""

import json
import logging
import os
import resource
import shutil
import signal

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.losses.base import EmbeddingLoss
from embedding.mx import autograd, gluon, mx, nd
from embedding.training import atomic
from embedding.training.fit import Optimizers, Schedule
from embedding.training.run import Run


class Offset(EmbeddingLoss):
    """A loss with a parameter."""

    optimizer = "sgd"
    learning_rate = 0.1

    def __init__(self):
        super().__init__()
        self.offset = self.params.get("offset", shape=(1,), init="zeros")

    def hybrid_forward(self, F, x, offset):
        return F.broadcast_add(F.mean(F.square(x)), offset)


def make(seed=1):
    mx.random.seed(seed)
    net, loss = gluon.nn.Dense(2, in_units=3), Offset()
    net.initialize(mx.init.Xavier())
    loss.initialize()
    return net, loss, Optimizers(net, loss)


def step(net, loss, optimizers, rate=0.1):
    optimizers.follow(Schedule(rate), 1)
    with autograd.record():
        value = loss(net(nd.array(np.arange(6).reshape(2, 3))))
    value.backward()
    optimizers.step(1)
    return net.weight.data().asnumpy(), loss.offset.data().asnumpy()


def test_a_restored_run_goes_on_as_if_it_had_not_stopped(tmp_path):
    parts = make()
    step(*parts)
    Run(tmp_path, {}).save(1, *parts)
    expected = step(*parts)
    again = Run(tmp_path, {})
    assert again.epoch == 1
    other = make(seed=2)
    again.restore(*other, [mx.cpu()])
    for found, wanted in zip(step(*other), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_a_new_run_starts_at_epoch_0(tmp_path):
    assert Run(tmp_path / "a" / "b", {}).epoch == 0


def test_other_options_are_refused_and_free_ones_are_not(tmp_path):
    Run(tmp_path, {"lr": 0.1, "epochs": 3}).save(1, *make())
    with pytest.raises(InputError, match="lr=0.1, not 0.2"):
        Run(tmp_path, {"lr": 0.2, "epochs": 3})
    assert Run(tmp_path, {"lr": 0.1, "epochs": 30}).epoch == 1
    assert json.loads((tmp_path / "options.json").read_text())["epochs"] == 30


def test_options_may_change_before_the_first_checkpoint(tmp_path):
    Run(tmp_path, {"lr": 0.1})
    Run(tmp_path, {"lr": 0.2})


def test_what_was_measured_after_the_checkpoint_is_measured_again(tmp_path):
    run = Run(tmp_path, {})
    run.record(kind="epoch", epoch=1)
    run.save(1, *make())
    run.record(kind="epoch", epoch=2)
    run.record(kind="other")
    run.close()
    again = Run(tmp_path, {})
    assert again.recorded("epoch") == [{"kind": "epoch", "epoch": 1}]
    assert again.recorded("other") == []


def test_what_was_measured_in_a_run_without_a_checkpoint_is_measured_again(tmp_path):
    Run(tmp_path, {}).record(kind="epoch", epoch=1)
    assert Run(tmp_path, {}).recorded("epoch") == []


@pytest.mark.parametrize("call", ["mkdir", "fsync", "first replace", "second replace", "rmtree"])
def test_a_kill_at_any_moment_of_saving_leaves_a_whole_checkpoint(tmp_path, monkeypatch, call):
    parts = make()
    Run(tmp_path, {}).save(1, *parts)

    class Killed(BaseException):
        pass

    count = {"replace": 0, "rmtree": 0}

    def die(*_, **__):
        raise Killed

    def replace(source, target, real=os.replace):
        count["replace"] += 1
        if call == ("first replace", "second replace")[count["replace"] - 1]:
            die()
        real(source, target)

    def rmtree(path, real=shutil.rmtree, **options):
        count["rmtree"] += 1
        if call == "rmtree" and count["rmtree"] == 2:  # the first one clears the place of the new folder
            die()
        if call == "rmtree":
            real(path, **options)

    run = Run(tmp_path, {})
    with monkeypatch.context() as patch:  # a kill runs no clean-up: rmtree does nothing after it
        patch.setattr(atomic.shutil, "rmtree", rmtree)
        patch.setattr(atomic.os, "replace", replace)
        if call in ("mkdir", "fsync"):
            patch.setattr(atomic.os if call == "fsync" else atomic.Path, call, die)
        with pytest.raises(Killed):
            run.save(2, *parts)
    run.close()
    again = Run(tmp_path, {})
    assert again.epoch == (2 if call in ("second replace", "rmtree") else 1)
    again.restore(*make(), [mx.cpu()])
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["last"]


def test_a_full_disk_is_one_line_and_keeps_the_checkpoint(tmp_path):
    run = Run(tmp_path, {})
    parts = make()
    run.save(1, *parts)
    before = {path.name: path.read_bytes() for path in (tmp_path / "last").iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, limits[1]))  # every write past 64 bytes fails, as on a full disk
    try:
        with pytest.raises(InputError, match="cannot write .*last: "):
            run.save(2, *parts)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert {path.name: path.read_bytes() for path in (tmp_path / "last").iterdir()} == before
    run.close()
    assert Run(tmp_path, {}).epoch == 1


def test_a_damaged_checkpoint_is_named(tmp_path):
    parts = make()
    run = Run(tmp_path, {})
    run.save(1, *parts)
    (tmp_path / "last" / "net.params").write_bytes(b"cut")
    with pytest.raises(InputError, match="last: cannot be read"):
        run.restore(*parts, [mx.cpu()])


def test_best_is_kept_apart(tmp_path):
    run = Run(tmp_path, {})
    net, loss, optimizers = make()
    run.keep_as_best(1, net, {"recall@1": 0.5})
    best = net.weight.data().asnumpy()
    step(net, loss, optimizers)
    run.save(2, net, loss, optimizers)
    run.restore_best(net, [mx.cpu()])
    np.testing.assert_array_equal(net.weight.data().asnumpy(), best)
    assert json.loads((tmp_path / "best" / "state.json").read_text()) == {"epoch": 1, "validation recall@1": 0.5}


def test_log_goes_to_the_folder(tmp_path):
    run = Run(tmp_path, {})
    with run.logging():
        logging.getLogger("embedding").warning("hello")
    logging.getLogger("embedding").warning("afterwards")
    text = (tmp_path / "log.txt").read_text()
    assert "hello" in text
    assert "afterwards" not in text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("last/state.json", b"{"),
        ("last/state.json", b"[1]"),
        ("options.json", b"3"),
        ("options.json", b"\xff{"),
        ("last/optimizer0.states", b"\x80\x04cut"),
        ("last/optimizer0.states", b""),
        ("last/loss.params", b""),
    ],
)
def test_damaged_files_are_named(tmp_path, name, content):
    parts = make()
    with_run = Run(tmp_path, {})
    with_run.save(1, *parts)
    with_run.close()
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match="cannot be read|holds a run"):
        Run(tmp_path, {"lr": 1}).restore(*parts, [mx.cpu()])


def test_a_metrics_file_that_was_cut_loses_only_the_cut_line(tmp_path):
    run = Run(tmp_path, {})
    run.record(kind="epoch", epoch=1)
    run.record(kind="epoch", epoch=2)
    run.save(2, *make())
    run.close()
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-7])
    assert Run(tmp_path, {}).recorded("epoch") == [{"kind": "epoch", "epoch": 1}]


def test_two_processes_cannot_share_a_folder(tmp_path):
    run = Run(tmp_path, {})
    with pytest.raises(InputError, match="in use by another process"):
        Run(tmp_path, {})
    run.close()
    Run(tmp_path, {})


def test_fewer_epochs_than_there_are_is_refused(tmp_path):
    run = Run(tmp_path, {"epochs": 3})
    run.save(3, *make())
    run.close()
    with pytest.raises(InputError, match="--epochs=2: .* trained for 3; give more .*, or another --name"):
        Run(tmp_path, {"epochs": 2})


@pytest.mark.parametrize("place", ["file/run", "file/deep/run"])
def test_a_folder_that_cannot_be_made_is_named(tmp_path, place):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="run cannot be made .Not a directory"):
        Run(tmp_path / place, {})


def test_other_data_are_told_before_all_that_follows_from_them(tmp_path):
    begun = {"dataset": "pictures", "fingerprint": "a", "batch_size": 80, "epochs": 3}
    Run(tmp_path, begun).save(3, *make())
    asked = {"dataset": "albums", "fingerprint": "b", "batch_size": 40, "epochs": 2}
    with pytest.raises(InputError, match="holds a run on other data, pictures and not albums: give another --name"):
        Run(tmp_path, asked)
    with pytest.raises(InputError, match="on other data of the name pictures, or from another place: give another"):
        Run(tmp_path, {**asked, "dataset": "pictures"})


def test_what_was_not_given_is_told_as_nothing(tmp_path):
    Run(tmp_path, {"pool": "gem"}).save(1, *make())
    with pytest.raises(InputError, match="holds a run with pool=gem, not nothing: give another"):
        Run(tmp_path, {"pool": ""})


def test_a_flag_that_the_run_did_not_know_yet_is_refused_only_where_it_is_given(tmp_path):
    Run(tmp_path, {"pool": "gem"}).save(1, *make())
    Run(tmp_path, {"pool": "gem", "adversarial": False, "split": "", "hidden": 0}).close()
    (tmp_path / "options.json").write_text('{"pool": "gem"}')
    with pytest.raises(InputError, match="holds a run with adversarial=nothing, not True: give another"):
        Run(tmp_path, {"pool": "gem", "adversarial": True})
