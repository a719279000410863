"""A training run by a job: how far it is, stopped, killed, failed."""

import json
import subprocess
import sys
import time

import pytest

from datasets.errors import InputError
from datasets.files import lock
from web.grow.training import prepared, running
from web.grow.training.plan import Wish

# Stands for a training command: an epoch every 50 ms into metrics.jsonl, in a folder that it holds.
PROGRAM = """
import fcntl, json, os, pathlib, sys, time
folder, epochs, fails = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "fails"
(folder / "best").mkdir(parents=True, exist_ok=True)
held = os.open(folder / "lock", os.O_CREAT | os.O_WRONLY)
fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
file = folder / "metrics.jsonl"
done = len(file.read_text().splitlines()) if file.exists() else 0
try:
    for epoch in range(done + 1, epochs + 1):
        time.sleep(0.05)
        with file.open("a") as out:
            out.write(json.dumps({"kind": "epoch", "epoch": epoch}) + "\\n")
        print("epoch", epoch, flush=True)
        if fails:
            sys.exit("error: the loss is not finite")
except KeyboardInterrupt:
    print("interrupted")
    sys.exit(130)
"""


@pytest.fixture
def made(gallery, monkeypatch, tmp_path):
    """A training whose command is ``PROGRAM``."""
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.setattr(running, "_POLL", 0.02)

    def make(epochs, how=""):
        found = prepared.prepare(gallery, Wish(epochs=epochs), None)
        found.words = [str(tmp_path / "program.py"), str(found.run), str(epochs), how]
        found.save()
        return found

    return make


def test_it_is_told_how_far_it_is_until_it_is_done(made):
    found, told = made(4), []
    assert not running.is_done(found)
    running.run(found, lambda *each: told.append(each))
    assert told[-1] == (4, 4, "epoch 4") and {done for done, _, _ in told} > {0}
    assert running.is_done(found)


def test_stopped_it_keeps_its_epochs_and_goes_on(made):
    class Stop(Exception):
        pass

    def stop(done, total, line):
        if done:
            raise Stop

    found = made(40)
    with pytest.raises(Stop):
        running.run(found, stop)
    kept = running.epochs_of(found)
    assert 0 < kept < 40 and not running.is_done(found)
    lock.os.close(lock.hold(found.run, flag="--name"))  # no process is left in the folder
    found.words[2] = str(kept + 2)
    running.run(found, lambda *told: None)
    assert running.epochs_of(found) == kept + 2


def test_one_that_outlived_its_starter_is_waited_for_and_not_begun_twice(made):
    found, told = made(8), []
    process = subprocess.Popen([sys.executable, *found.words], stdout=subprocess.DEVNULL)
    while not (found.run / "lock").exists():
        time.sleep(0.01)
    time.sleep(0.05)
    running.run(found, lambda *each: told.append(each))
    assert process.wait() == 0 and "started earlier" in told[0][2]
    lines = [json.loads(line)["epoch"] for line in (found.run / "metrics.jsonl").read_text().splitlines()]
    assert lines == list(range(1, 9))


@pytest.mark.parametrize("ours", [True, False])
def test_one_that_outlived_its_starter_is_stopped_too_unless_it_was_begun_by_hand(made, ours):
    found = made(200)
    process = subprocess.Popen([sys.executable, *found.words], stdout=subprocess.DEVNULL)
    if ours:
        (found.folder / "process").write_text(str(process.pid))
    while not (found.run / "metrics.jsonl").exists():
        time.sleep(0.01)

    def stop(*told):
        raise KeyError

    with pytest.raises(KeyError):
        running.run(found, stop)
    if ours:
        assert process.wait(10) == 130
    else:
        assert process.poll() is None
    process.kill()
    process.wait()


def test_one_that_fails_is_told_with_its_last_line(made):
    with pytest.raises(InputError, match="the loss is not finite"):
        running.run(made(3, "fails"), lambda *told: None)


def test_the_job_of_a_training(made, settings, do):
    settings.TRAIN = True
    found = made(2)
    job = do(running.start(found))
    assert job.done == 2 and "2 epochs" in job.message


def test_two_trainings_of_a_gallery_are_two_jobs(made, settings):
    settings.TRAIN = True
    assert running.start(made(2)) != running.start(made(2))


def test_a_broken_journal_stops_no_page(made, staff_browser):
    found = made(2)
    (found.run / "best").mkdir(parents=True)
    (found.run / "metrics.jsonl").write_bytes(b"no json\n{}\n")
    assert staff_browser.get(f"/g/{found.gallery.slug}/grow/").status_code == 200
