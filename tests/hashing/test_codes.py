"""Codes by hand, there and back, and what cannot be packed."""

import numpy as np
import pytest

from datasets.errors import InputError
from hashing import codes


def test_the_first_activation_is_the_highest_bit_and_zero_is_no_one():
    activations = np.array([[1, -1, 0, 0.5, -0.0, -2, 1e-30, -3] + [-1] * 7 + [2]])
    packed = codes.pack(activations)
    assert packed.dtype == np.uint8 and packed.tolist() == [[0b10010010, 1]]
    assert codes.unpack(packed).tolist() == (activations > 0).tolist()


@pytest.mark.parametrize("bits", [8, 16, 48, 64, 72, 1024])
def test_there_and_back(bits):
    activations = np.random.default_rng(bits).normal(size=(20, bits)).astype(np.float32)
    packed = codes.pack(activations)
    assert packed.shape == (20, bits // 8)
    unpacked = codes.unpack(packed)
    assert unpacked.dtype == bool and (unpacked == (activations > 0)).all()


@pytest.mark.parametrize("bits", [-8, 0, 7, 12, 1032])
def test_other_lengths_are_refused(bits):
    with pytest.raises(InputError, match=rf"^--bits={bits}: must be a multiple of 8 from 8 to 1024$"):
        codes.check_bits(bits)
    if bits > 0 and bits % 8:
        with pytest.raises(ValueError, match=f"{bits} activations make no whole bytes"):
            codes.pack(np.ones((2, bits)))


def test_activations_without_a_sign_are_refused():
    activations = np.ones((5, 8), np.float32)
    activations[[2, 4], 3] = np.nan
    with pytest.raises(InputError, match="^2 of 5 rows of activations hold NaN, the first is row 2: "):
        codes.pack(activations)


def test_no_rows_are_no_codes():
    assert codes.pack(np.empty((0, 16))).shape == (0, 2)


@pytest.mark.parametrize("width", [1, 7, 8, 9])
def test_words_keep_the_distances(width):
    packed = np.random.default_rng(width).integers(0, 256, (6, width)).astype(np.uint8)
    packed.setflags(write=False)
    words = codes.words(packed)
    assert words.dtype == np.uint64 and words.shape == (6, -(-width // 8))
    for a in range(6):
        for b in range(6):
            differing = sum(bin(int(word)).count("1") for word in words[a] ^ words[b])
            assert differing == (codes.unpack(packed)[a] != codes.unpack(packed)[b]).sum()
