"""A planted image-text run: four pictures of one colour each, and a network that puts each on its own sentence.

Nothing is trained: the weights are random, but for the image tower's linear layer, which is solved for.
"""

import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np

from datasets.captions.base import CaptionSet
from datasets.stored import vectors_file
from embedding.mx import mx, nd
from embedding.network.net import Encoder
from vse import build
from vse.evaluation.judge import PairJudge
from vse.network.embedder import Embedder
from vse.network.towers import VseNet
from vse.network.vocab import Vocabulary
from vse.options import VseOptions

COLOURS = {"red": (220, 20, 20), "green": (20, 200, 40), "blue": (30, 40, 230), "yellow": (230, 220, 20)}
CAPTIONS = ("a {} picture", "all is {}")
CHINESE, EMOJI = "一只狗在雪地里", "🐕"
WORDS = [*COLOURS, "a", "all", "is", "picture", CHINESE, EMOJI]
DIM = 12


def pictures(folder: Path) -> list[str]:
    """A file a colour, in the order of COLOURS."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, colour in COLOURS.items():
        cv2.imwrite(str(folder / f"{name}.png"), np.full((40, 48, 3), colour[::-1], np.uint8))
    return [str(folder / f"{name}.png") for name in COLOURS]


def caption_set(paths: list[str]) -> CaptionSet:
    """The pictures, all of them in the test part, with two captions each."""
    rows = np.arange(len(paths))
    captions = tuple(caption.format(colour) for colour in COLOURS for caption in CAPTIONS)
    return CaptionSet("colours", paths, captions, np.repeat(rows, 2), rows[:0], rows[:0], rows)


def run_folder(folder: Path, paths: list[str], *, loss: str = "max_hinge") -> Path:
    """What a run of train_vse.py leaves: options, vocabulary, the best network, and the vectors of its test part."""
    mx.random.seed(3)
    trunk = {"dropout": 0.0, "model": "convnet", "pool": "avg", "image_size": "32", "test_size": "32"}
    options = VseOptions(data="colours", loss=loss, embed_dim=DIM, word_dim=8, **trunk)
    vocabulary, devices = Vocabulary(WORDS), [mx.cpu()]
    towers = build._towers(options, build.losses.get(loss).Loss(images=4, dim=DIM), vocabulary, devices)
    net = VseNet(Encoder(model=options.model, pool=options.pool), towers)
    net.encoder.initialize()
    embedder = Embedder(net, vocabulary, options, devices)
    captions = caption_set(paths)
    features = embedder.features(captions.as_images(), captions.test)
    towers.images.settle(features)
    wanted = embedder.sentences([CAPTIONS[0].format(colour) for colour in COLOURS])
    mean, deviation = (found.data().asnumpy() for found in (towers.images.mean, towers.images.deviation))
    standard = (features - mean) / deviation
    standard /= np.linalg.norm(standard, axis=1, keepdims=True)
    with_bias = np.hstack([standard, np.ones((len(standard), 1))])
    solved = np.linalg.lstsq(with_bias, wanted, rcond=None)[0]
    towers.images.linear.weight.set_data(nd.array(solved[:-1].T))
    towers.images.linear.bias.set_data(nd.array(solved[-1]))
    (folder / "best").mkdir(parents=True)
    net.save_parameters(str(folder / "best" / "net.params"))
    vocabulary.save(folder / build.VOCABULARY)
    (folder / "options.json").write_text(json.dumps(dataclasses.asdict(options), default=str))
    judge = PairJudge(captions, embedder, features=None, similarity=build.losses.get(loss).Loss.similarity)
    vectors_file.save(folder / "vectors.h5", judge.vectors(judge.pairs("test")))
    return folder
