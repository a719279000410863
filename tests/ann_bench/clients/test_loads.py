"""What clients do is read from the flags; queries are due as many independent users ask them."""

import numpy as np
import pytest

from ann_bench.clients import loads
from ann_bench.clients.loads import Load
from datasets.errors import InputError


def test_every_number_of_clients_at_every_rate():
    found = loads.read("1, 8", "closed,1000,12.5%,1000", processes=False)
    assert [load.name for load in found] == [
        "1 client", "8 clients", "1 client at 1,000 a second", "8 clients at 1,000 a second",
        "1 client at 12.5%", "8 clients at 12.5%"]  # fmt: skip
    assert loads.read("2", "", processes=True) == [Load(2, processes=True)]
    assert (
        Load(1, processes=True).name == "1 process"
        and Load(2, 0.5, processes=True).name == "2 processes at 0.5 a second"
    )


@pytest.mark.parametrize(
    ("clients", "rate", "words"),
    [
        ("", "", "--clients: say how many"),
        ("0", "", "--clients=0: must be a whole number from 1 to"),
        ("two", "", "--clients=two"),
        ("1", "fast", "--rate=fast: must be queries a second, like 1000, a share of the most, like 50%, or closed"),
        ("1", "-5", "--rate=-5"),
        ("1", "0%", "--rate=0%"),
        ("1", "nan", "--rate=nan"),
        ("1", "1e12", "--rate=1e12"),
    ],
)
def test_mistakes(clients, rate, words):
    with pytest.raises(InputError, match=words):
        loads.read(clients, rate, processes=False)


def test_arrivals_are_as_many_as_asked_for_and_know_nothing_of_each_other():
    due = loads.arrivals(1000, 20, seed=3)
    assert len(due) == 20_000 and due[0] >= 0 and due[-1] < 20 and (np.diff(due) >= 0).all()
    gaps = np.diff(due) * 1000
    for share in (0.5, 0.1, 0.01):  # of an exponential distribution
        assert np.quantile(gaps, 1 - share) == pytest.approx(-np.log(share), rel=0.1)
    assert abs(np.corrcoef(gaps[1:], gaps[:-1])[0, 1]) < 0.03
    np.testing.assert_array_equal(due, loads.arrivals(1000, 20, seed=3))
    assert (due != loads.arrivals(1000, 20, seed=4)).any()
