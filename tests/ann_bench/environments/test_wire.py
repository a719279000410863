"""Messages and arrays come out as they went in; a pipe that ends is an end."""

import io

import numpy as np
import pytest

from ann_bench.environments import wire

ARRAYS = [
    np.arange(6, dtype=np.float32).reshape(2, 3),
    np.arange(12).reshape(3, 4)[:, ::2],  # not contiguous
    np.array(["red", "", "größer"]),
    np.empty((0, 5), np.int32),
]


def sent() -> io.BytesIO:
    pipe = io.BytesIO()
    wire.send(pipe, {"do": "something", "rest": [1, "two", None]}, ARRAYS)
    pipe.seek(0)
    return pipe


def test_what_went_in_comes_out():
    pipe = sent()
    message, arrays = wire.receive(pipe)
    assert message == {"do": "something", "rest": [1, "two", None]} and not pipe.read()
    for one, other in zip(ARRAYS, arrays, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
def test_an_end_in_the_middle_is_an_end(share):
    whole = sent().getvalue()
    with pytest.raises(EOFError):
        wire.receive(io.BytesIO(whole[: int(share * len(whole))]))
