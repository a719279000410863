"""A training step of the text tower beside the same model in torch, on the same captions and from the same weights.

    make bench, or: .bench-venv/bin/python benchmarks/vse_step.py
    .bench-venv/bin/python benchmarks/vse_step.py --quick   the small tower alone, to see that it runs

The model: vectors (300) of 3,000 words, a GRU with one layer, its state at each caption's end, unit rows. A step is
forward and backward of the embeddings times a fixed matrix, to the gradients of all parameters, of the word vectors
too. Cases add what training adds: a share of 0.3 of the word vectors' numbers left out, and Adam's update.

Captions have 4 to 30 words, 12 on average, as those of Flickr8k with their start and end, and words as often as their
rank says (Zipf). Both sides get the same padded words and the lengths. Torch is measured as it is written for captions
of mixed lengths: with pack_padded_sequence as VSE++ has it, and with the padding in, the state at the end gathered;
the faster of the two counts, with 1 thread or one a core, whichever is faster. A case of captions that all have 12
words is about what batches planned by length look like. Embeddings and gradients of both sides must be equal first.

Prints one JSON line a case and a verdict last; exits with code 1 where a bar is missed.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import paired
import verdicts
from verdicts import Verdict

from embedding.mx import autograd, gluon, nd
from vse.batches import padded
from vse.network.towers import CaptionTower

import torch  # isort: skip
from torch_threads import fastest_threads  # isort: skip

QUICK = "--quick" in sys.argv
BATCH, WORDS, WORD_DIM = 128, 3_000, 300
AT_LEAST = 1.0
DIFFERENCE_AT_MOST = 1e-5  # of embeddings, and of gradients as a share of the largest
RATE = 2e-4

Step = Callable[[], None]


@dataclass(frozen=True)
class Case:
    """What is measured: size of the embeddings, whether lengths are mixed, dropout of word vectors, Adam's update."""

    dim: int
    mixed: bool = True
    dropout: float = 0.0
    adam: bool = False

    def __str__(self) -> str:
        lengths = "mixed lengths" if self.mixed else "12 words each"
        more = [f"dropout {self.dropout}"] * (self.dropout > 0) + ["Adam's update"] * self.adam
        return ", ".join([f"text tower, batch {BATCH}, {self.dim} dimensions, {lengths}", *more])


CASES = [
    Case(512),
    Case(512, mixed=False),
    Case(512, dropout=0.3, adam=True),
    *([] if QUICK else [Case(1024), Case(1024, dropout=0.3, adam=True)]),
]


def captions(*, mixed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Words (B, T) of captions between a start and an end, zeros behind it, and lengths (B,)."""
    rng = np.random.default_rng(0)
    lengths = np.full(BATCH, 12)
    if mixed:
        lengths = np.clip(rng.gamma(7, 12 / 7, BATCH).round().astype(int), 4, 30)
    often = 1 / np.arange(1, WORDS - 2)
    return padded([[1, *rng.choice(np.arange(3, WORDS), n - 2, p=often / often.sum()), 2] for n in lengths])


class Ours:
    """Our tower: ``step`` is what is timed."""

    def __init__(self, case: Case, words: np.ndarray, lengths: np.ndarray, direction: np.ndarray) -> None:
        self.tower = CaptionTower(WORDS, case.dim, word_dim=WORD_DIM, dropout=case.dropout)
        self.tower.initialize()
        self._inputs = nd.array(words), nd.array(lengths)
        self._direction = nd.array(direction)
        self._parameters = self.tower.collect_params()
        self._adam = gluon.Trainer(self._parameters, "adam", {"learning_rate": RATE}) if case.adam else None

    def step(self) -> None:
        with autograd.record():
            self.embeddings = self.tower(*self._inputs)
            loss = (self.embeddings * self._direction).sum()
        loss.backward()
        if self._adam:
            self._adam.step(1)
        for parameter in self._parameters.values():
            (parameter.data() if self._adam else parameter.grad()).wait_to_read()

    def weights(self) -> dict[str, np.ndarray]:
        """By torch's names."""
        return {name: parameter.data().asnumpy() for name, parameter in self._named().items()}

    def gradients(self) -> dict[str, np.ndarray]:
        return {name: parameter.grad().asnumpy() for name, parameter in self._named().items()}

    def _named(self) -> dict[str, gluon.Parameter]:
        gru = self.tower.gru
        return {
            "words.weight": self.tower.words.weight,
            "gru.weight_ih_l0": gru.l0_i2h_weight,
            "gru.bias_ih_l0": gru.l0_i2h_bias,
            "gru.weight_hh_l0": gru.l0_h2h_weight,
            "gru.bias_hh_l0": gru.l0_h2h_bias,
        }


class Peer(torch.nn.Module):
    """The same in torch, from the weights of ours; ``packed`` or with the padding in."""

    def __init__(
        self, case: Case, words: np.ndarray, lengths: np.ndarray, direction: np.ndarray, *, ours: Ours, packed: bool
    ) -> None:
        super().__init__()
        self.words = torch.nn.Embedding(WORDS, WORD_DIM)
        self.dropout = torch.nn.Dropout(case.dropout)
        self.gru = torch.nn.GRU(WORD_DIM, case.dim, batch_first=True)
        self.load_state_dict({name: torch.from_numpy(weight) for name, weight in ours.weights().items()})
        self._inputs = torch.from_numpy(words.astype(np.int64)), torch.from_numpy(lengths)
        self._direction = torch.from_numpy(direction)
        self._packed = packed
        self._adam = torch.optim.Adam(self.parameters(), RATE) if case.adam else None

    def forward(self, words: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        vectors = self.dropout(self.words(words))
        if self._packed:
            vectors = torch.nn.utils.rnn.pack_padded_sequence(vectors, lengths, batch_first=True, enforce_sorted=False)
            last = self.gru(vectors)[1][0]
        else:
            last = self.gru(vectors)[0][torch.arange(len(lengths)), lengths - 1]
        return torch.nn.functional.normalize(last, dim=1)

    def step(self) -> None:
        self.zero_grad()
        self.embeddings = self(*self._inputs)
        (self.embeddings * self._direction).sum().backward()
        if self._adam:
            self._adam.step()


def same(case: Case, ours: Ours, peer: Peer) -> Verdict:
    """Print by how much embeddings and gradients differ; whether they are the same."""
    ours.step()
    peer.step()
    found = {"embeddings": ours.embeddings.asnumpy(), **ours.gradients()}
    wanted = {"embeddings": peer.embeddings.detach().numpy()}
    wanted |= {name: parameter.grad.numpy() for name, parameter in peer.named_parameters()}
    worst = max(float(abs(found[name] - wanted[name]).max() / abs(wanted[name]).max()) for name in wanted)
    return verdicts.figure(f"{case}: embeddings and gradients differ by", worst, at_most=DIFFERENCE_AT_MOST)


def measure(case: Case) -> list[Verdict]:
    """Print the lines of a case."""
    words, lengths = captions(mixed=case.mixed)
    direction = np.random.default_rng(1).standard_normal((BATCH, case.dim)).astype(np.float32)
    ours = Ours(case, words, lengths, direction)
    peers = {
        name: Peer(case, words, lengths, direction, ours=ours, packed=name == "packed") for name in ("packed", "padded")
    }
    found = [] if case.dropout or case.adam else [same(case, ours, peer) for peer in peers.values()]
    times = {}
    for name, peer in peers.items():
        peer.step()
        times[name] = min(paired.time_call(peer.step, 1) for _ in range(3))
    name = min(times, key=times.get)
    threads = fastest_threads(peers[name].step, samples=3, loops=1)
    facts = {"peer_way": name, "peer_threads": threads, "words": int(lengths.sum()), "different": len(np.unique(words))}
    return [*found, paired.compare(str(case), ours.step, peers[name].step, at_least=AT_LEAST, **facts)]


def main() -> None:
    """Print the lines of all cases, and the verdict."""
    verdicts.finish([verdict for case in CASES for verdict in measure(case)])


if __name__ == "__main__":
    main()
