"""A GRU over captions of mixed lengths without their padding, as a CPU computes it fastest.

MXNet's own operator works on the padding too, and is slower on a CPU even where there is none.
"""

from dataclasses import dataclass

import numpy as np

from embedding.mx import Array, autograd, gluon, nd


@dataclass(frozen=True)
class Packed:
    """Captions without padding: the first words of all of them, longest caption first, then all second words, ...

    words : (N,) by number; counts : (T,) how many captions have a first word, a second, ...; it never grows
    ends : (B,) where among the N the last word of each caption stands, captions in the order they came in
    """

    words: np.ndarray
    counts: np.ndarray
    ends: np.ndarray


def pack(words: np.ndarray, lengths: np.ndarray) -> Packed:
    """Words (B, T), of which lengths (B,), at least 1, are the captions."""
    lengths = lengths.astype(np.int64)
    order = np.argsort(-lengths, kind="stable")
    runs = np.arange(lengths.max())[:, None] < lengths[order]  # (T, B)
    counts = runs.sum(axis=1)
    ends = (np.cumsum(counts) - counts)[lengths - 1] + np.argsort(order)
    return Packed(words[order, : len(runs)].T[runs], counts, ends)


def states(
    gru: gluon.rnn.GRU, vectors: Array, counts: np.ndarray, *, layers: int, places: np.ndarray | None = None
) -> Array:
    """States (N, D) of the last layer of ``gru`` at each of N packed words, ``counts`` (T,) of them a step.

    vectors : (N, E) of the words, or (U, E) of different words, of which ``places`` (N,) says which one each word is:
        a word that comes often is then only once in the product with the weight of inputs
    """
    for layer in range(layers):
        weight, bias, state_weight, state_bias = (
            getattr(gru, f"l{layer}_{name}").data(vectors.context)
            for name in ("i2h_weight", "i2h_bias", "h2h_weight", "h2h_bias")
        )
        given = nd.FullyConnected(vectors, weight, bias, num_hidden=len(bias))
        if layer == 0 and places is not None:
            given = nd.take(given, nd.array(places, ctx=given.context))
        vectors = Recurrence(counts)(given, state_weight, state_bias)
    return vectors


class Recurrence(autograd.Function):
    """What inputs give to the gates (N, 3D), weight (3D, D) and bias (3D,) of the state to the states (N, D).

    reset, update = sigmoid(given + recalled), candidate = tanh(given + reset * recalled), each a third of what is given
    and of recalled = weight state + bias; state = (1 - update) * candidate + update * state (Cho et al. 2014, with the
    bias inside of the reset, as cuDNN has it). The gradient is written out, because that of the weight is then one
    product over all steps, where automatic differentiation has one a step.
    """

    def __init__(self, counts: np.ndarray) -> None:
        super().__init__()
        self._steps = [slice(end - count, end) for end, count in zip(np.cumsum(counts), counts, strict=True)]

    def forward(self, given: Array, weight: Array, bias: Array) -> Array:
        self._gates, self._weight, bias = (array.asnumpy() for array in (given, weight, bias))
        self._before, self._recalled, states = (
            np.empty((len(self._gates), self._weight.shape[1]), np.float32) for _ in range(3)
        )
        state = np.zeros_like(states[self._steps[0]])
        for step in self._steps:
            state = state[: step.stop - step.start]
            recalled = np.tile(bias, (len(state), 1))
            if step.start:
                recalled += state @ self._weight.T
            self._before[step], self._recalled[step] = state, _thirds(recalled)[2]
            states[step] = state = _advance(self._gates[step], recalled, state)
        return nd.array(states, ctx=given.context)

    def backward(self, gradient: Array) -> tuple[Array, Array, Array]:
        to_states = gradient.asnumpy()
        to_recalled, to_candidate = np.empty_like(self._gates), np.empty_like(self._before)
        carried = np.zeros_like(self._before[self._steps[0]])
        for step in reversed(self._steps):
            to_state = carried[: step.stop - step.start]  # zero for captions that end here
            to_state += to_states[step]
            saved = self._gates[step], self._recalled[step], self._before[step]
            to_candidate[step] = _retreat(to_state, *saved, to_recalled[step])
            if step.start:
                to_state += to_recalled[step] @ self._weight
        later = slice(self._steps[0].stop, None)  # before the first step all states are zero
        found = [to_recalled[later].T @ self._before[later], to_recalled.sum(axis=0)]
        _thirds(to_recalled)[2][:] = to_candidate
        return tuple(nd.array(array, ctx=gradient.context) for array in (to_recalled, *found))


def _thirds(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of reset, update and candidate, views (n, D) of (n, 3D)."""
    dim = rows.shape[1] // 3
    return rows[:, :dim], rows[:, dim : 2 * dim], rows[:, 2 * dim :]


def _advance(gates: np.ndarray, recalled: np.ndarray, state: np.ndarray) -> np.ndarray:
    """The states (n, D) after ``state``; the gates (n, 3D) hold what is given, and then reset, update and candidate."""
    reset, update, candidate = _thirds(gates)
    switches = gates[:, : 2 * reset.shape[1]]
    switches += recalled[:, : switches.shape[1]]
    switches *= 0.5  # sigmoid(x) is 0.5 + 0.5 tanh(x / 2), and NumPy's tanh has vector instructions
    np.tanh(switches, out=switches)
    switches *= 0.5
    switches += 0.5
    candidate += reset * _thirds(recalled)[2]
    np.tanh(candidate, out=candidate)
    state = state - candidate
    state *= update
    state += candidate
    return state


def _retreat(
    to_state: np.ndarray, gates: np.ndarray, recalled: np.ndarray, before: np.ndarray, to_recalled: np.ndarray
) -> np.ndarray:
    """Gradient (n, D) before the candidate's tanh, from that of the state, which becomes the part of the state before.

    recalled : (n, D) the candidate's; to_recalled : (n, 3D) is filled
    """
    reset, update, candidate = _thirds(gates)
    to_reset, to_update, to_own = _thirds(to_recalled)
    np.subtract(before, candidate, out=to_update)
    to_update *= to_state
    to_update *= update * (1 - update)
    to_candidate = (1 - update) * to_state
    to_candidate *= 1 - candidate * candidate
    np.multiply(to_candidate, reset, out=to_own)
    np.multiply(to_own, recalled, out=to_reset)
    to_reset *= 1 - reset
    to_state *= update
    return to_candidate
