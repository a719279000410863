"""Work ahead: its order, its errors."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.batches.ahead import in_threads


def test_threads_keep_the_order_and_pass_errors_on():
    def load(number):
        if number == 9:
            raise InputError("nine")
        return np.full(2, number)

    found = list(in_threads(load, [[(i,), (i + 1,)] for i in range(0, 8, 2)], workers=3))
    np.testing.assert_array_equal(np.concatenate(found)[:, 0], np.arange(8))
    with pytest.raises(InputError, match="nine"):
        list(in_threads(load, [[(8,), (9,)]], workers=2))
