"""A GRU without padding against MXNet's own with it and against plain numpy: states, and gradients of everything."""

import numpy as np
import pytest

from embedding.mx import autograd, gluon, mx, nd
from vse.network.gru import Recurrence, pack, states

LENGTHS = {"mixed": [3, 7, 1, 4, 7, 2], "equal": [5, 5, 5], "one word": [1, 1], "one caption": [6]}


def close(found, wanted, rtol):
    """To a share of the largest."""
    np.testing.assert_allclose(found, wanted, rtol=0, atol=rtol * max(np.abs(wanted).max(), 1e-30))


@pytest.fixture(autouse=True)
def _seeded():
    mx.random.seed(0)


def made(layers):
    block = gluon.rnn.GRU(9, num_layers=layers, layout="TNC", input_size=6)
    block.initialize(mx.init.Uniform(0.8))
    return block


def inputs(lengths, seed=0):
    """Words' vectors (B, T, 6), lengths, and a direction (B, 9)."""
    rng = np.random.default_rng(seed)
    shape = (len(lengths), max(lengths) + 2)
    return rng.normal(size=(*shape, 6)), np.array(lengths), nd.array(rng.normal(size=(len(lengths), 9)))


def gradients(block, vectors, last, direction):
    """States at the ends, and gradients of all weights and of the vectors."""
    vectors.attach_grad()
    with autograd.record():
        found = last(vectors)
        loss = (found * direction).sum()
    loss.backward()
    parameters = {name: p.grad().asnumpy() for name, p in block.collect_params().items()}
    return {"states": found.asnumpy(), "vectors": vectors.grad.asnumpy(), **parameters}


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_states_and_gradients_are_those_of_the_padded_gru(lengths, layers):
    block = made(layers)
    vectors, lengths, direction = inputs(lengths)
    rows = np.arange(vectors.shape[0] * vectors.shape[1]).reshape(vectors.shape[:2])
    packed = pack(rows, lengths)

    def ours(flat):
        return nd.take(states(block, flat, packed.counts, layers=layers, places=packed.words), nd.array(packed.ends))

    def padded(flat):
        steps = nd.transpose(flat.reshape((*rows.shape, 6)), axes=(1, 0, 2))
        return nd.SequenceLast(block(steps), nd.array(lengths), use_sequence_length=True)

    flat = nd.array(vectors.reshape(-1, 6))
    found, wanted = (gradients(block, flat, last, direction) for last in (ours, padded))
    assert len(found) == 2 + 4 * layers
    for name in wanted:
        close(found[name], wanted[name], 1e-5)


def slow(given, weight, bias, lengths):
    """The last states (B, D) in float64, caption by caption, of what inputs give to the gates (B, T, 3D)."""
    found = np.zeros((len(given), weight.shape[1]))
    for i, length in enumerate(lengths):
        for t in range(length):
            new, old = np.split(given[i, t], 3), np.split(weight @ found[i] + bias, 3)
            reset, update = (1 / (1 + np.exp(-new[gate] - old[gate])) for gate in (0, 1))
            found[i] = (1 - update) * np.tanh(new[2] + reset * old[2]) + update * found[i]
    return found


def test_the_gradient_is_the_slope_of_a_plain_loop():
    rng = np.random.default_rng(3)
    lengths, dim = np.array([2, 4, 1]), 3
    arrays = [rng.normal(size=shape) for shape in ((3, 4, 3 * dim), (3 * dim, dim), (3 * dim,))]
    direction = rng.normal(size=(3, dim))
    packed = pack(np.arange(12).reshape(3, 4), lengths)
    given = [nd.array(arrays[0].reshape(12, -1)), *(nd.array(array) for array in arrays[1:])]
    for array in given:
        array.attach_grad()
    with autograd.record():
        every = Recurrence(packed.counts)(nd.take(given[0], nd.array(packed.words)), *given[1:])
        last = nd.take(every, nd.array(packed.ends))
        loss = (last * nd.array(direction)).sum()
    loss.backward()
    close(last.asnumpy(), slow(*arrays, lengths), 1e-6)
    for array, found in zip(arrays, given, strict=True):
        wanted = np.zeros(array.size)
        for i in range(array.size):
            sides = []
            for shift in (1e-5, -1e-5):
                array.flat[i] += shift
                sides.append((slow(*arrays, lengths) * direction).sum())
                array.flat[i] -= shift
            wanted[i] = (sides[0] - sides[1]) / 2e-5
        close(found.grad.asnumpy().ravel(), wanted, 1e-5)


def test_words_are_packed_step_by_step_the_longest_caption_first():
    packed = pack(np.array([[1, 2, 0, 0], [3, 4, 5, 0], [6, 7, 8, 0]]), np.array([2, 3, 3], np.float32))
    assert packed.words.tolist() == [3, 6, 1, 4, 7, 2, 5, 8]
    assert packed.counts.tolist() == [3, 3, 2]
    assert packed.ends.tolist() == [5, 6, 7]


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_every_word_is_packed_once_and_no_padding(lengths):
    words = np.arange(len(lengths) * 9).reshape(-1, 9)
    packed = pack(words, np.array(lengths))
    inside = [words[row, place] for row, length in enumerate(lengths) for place in range(length)]
    assert sorted(packed.words) == inside
    assert packed.counts.sum() == len(inside)
    assert packed.words[packed.ends].tolist() == [words[row, length - 1] for row, length in enumerate(lengths)]


def test_a_word_that_comes_twice_may_be_given_once():
    block = made(1)
    flat, places, counts = nd.random.normal(shape=(3, 6)), np.array([2, 0, 0, 1, 2]), np.array([2, 2, 1])
    direction = nd.random.normal(shape=(5, 9))

    def once(vectors):
        return states(block, vectors, counts, layers=1, places=places)

    def each(vectors):
        return states(block, nd.take(vectors, nd.array(places)), counts, layers=1)

    found, wanted = (gradients(block, flat, way, direction) for way in (once, each))
    for name in wanted:
        close(found[name], wanted[name], 1e-5)


def test_gradients_can_be_asked_for_twice_and_are_the_same_again():
    given, weight, bias = nd.random.normal(shape=(5, 9)), nd.random.normal(shape=(9, 3)), nd.random.normal(shape=(9,))
    weight.attach_grad()
    found = []
    for _ in range(2):
        with autograd.record():
            total = Recurrence(np.array([3, 2]))(given, weight, bias).sum()
        for _ in range(2):
            total.backward(retain_graph=True)
            found.append(weight.grad.asnumpy())
    for other in found[1:]:
        np.testing.assert_array_equal(found[0], other)
