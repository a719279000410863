"""Times: what holds a job back, told in one line; how far it is."""

import pytest

from embedding.extraction.progress import Progress
from embedding.extraction.times import Times


@pytest.mark.parametrize(
    "times, verdict",
    [
        (Times(embedding=5, waiting=1, writing=1, decoding=9), "the network holds it back"),
        (Times(embedding=5, waiting=6, writing=1, reading=1, decoding=9), "decoding holds it back; where cores"),
        (Times(embedding=5, waiting=6, writing=1, reading=9, decoding=1), "reading holds it back; where cores"),
        (Times(embedding=5, waiting=6, writing=7), "writing holds it back"),
    ],
)
def test_the_verdict_names_what_took_longest(times, verdict):
    assert verdict in times.line(workers=2)


def test_times_add_up():
    times = Times(pictures=2, reading=1.0)
    times += Times(pictures=3, decoding=2.0, waiting=0.5, embedding=1.5, writing=0.25)
    assert times == Times(5, 1.0, 2.0, 0.5, 1.5, 0.25)


def test_progress_counts_what_was_done_before_but_not_into_its_speed():
    with Progress(1000, done=400) as progress:
        progress.update(100)
        assert progress.line(20.0) == "500 of 1,000 pictures, 5.0 images/s, 0:01:40 left"
