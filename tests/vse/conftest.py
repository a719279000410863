"""Small caption sets: coloured pictures in the layout of Flickr8k, and features in that of the reference; and a run
whose pictures each lie on their own sentence."""

import json
from itertools import product

import numpy as np
import planted
import pytest
from PIL import Image

from datasets.captions import flickr8k
from embedding.mx import mx
from vse import build
from vse.options import VseOptions

COLOURS = {"red": (210, 40, 40), "green": (40, 180, 60), "blue": (40, 60, 210), "grey": (120, 120, 120)}
PLACES = ("left", "right")
COUNTS = {"train": 24, "dev": 8, "test": 8}


def sentences(colour, place, number):
    """Five captions; each picture has a number of its own."""
    say = (
        "a {0} bar on the {1}",
        "the {1} side is {0}",
        "on the {1} a bar , {0}",
        "{0} at {1} !",
        "a bar is {1} : {0}",
    )
    return [f"{form.format(colour, place)} number{number}" for form in say]


def described():
    """(name, part, colour, place, captions) of all pictures."""
    kinds = list(product(COLOURS, PLACES))
    parts = [part for part, count in COUNTS.items() for _ in range(count)]
    return [
        (f"{number:02d}.png", part, *kinds[number % 8], sentences(*kinds[number % 8], number))
        for number, part in enumerate(parts)
    ]


@pytest.fixture
def pictures(tmp_path, monkeypatch):
    """The root of a small Flickr8k of 32 x 32 pixels, in Karpathy's JSON."""
    monkeypatch.setattr(flickr8k, "COUNTS", COUNTS)
    root = tmp_path / "flickr8k"
    (root / "Flicker8k_Dataset").mkdir(parents=True)
    entries, rng = [], np.random.default_rng(0)
    for number, (name, part, colour, place, captions) in enumerate(described()):
        pixels = rng.integers(200, 256, (32, 32, 3))
        pixels[:, slice(0, 16) if place == "left" else slice(16, 32)] = COLOURS[colour]
        Image.fromarray(pixels.astype(np.uint8)).save(root / "Flicker8k_Dataset" / name)
        spoken = [
            {"raw": caption, "tokens": caption.split(), "sentid": 5 * number + i} for i, caption in enumerate(captions)
        ]
        split = "val" if part == "dev" else part
        entries.append({"filename": name, "split": split, "sentences": spoken, "imgid": number, "sentids": []})
    (root / "dataset_flickr8k.json").write_text(json.dumps({"images": entries, "dataset": "flickr8k"}))
    return root


@pytest.fixture
def features(tmp_path):
    """A folder that holds tiny_precomp: features that tell colour and place, and captions of both."""
    folder = tmp_path / "tiny_precomp"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for part in COUNTS:
        rows = [row for row in described() if row[1] == part]
        kinds = [list(np.eye(4)[list(COLOURS).index(row[2])]) + [float(row[3] == "left")] for row in rows]
        np.save(folder / f"{part}_ims.npy", (np.array(kinds) + rng.random((len(rows), 5)) / 5).astype(np.float32))
        (folder / f"{part}_caps.txt").write_text("".join(f"{caption}\n" for row in rows for caption in row[4]))
    return tmp_path


@pytest.fixture
def small(tmp_path):
    """Called with changes, options of a run of seconds."""

    def options(**changes) -> VseOptions:
        plain = {"embed_dim": 16, "word_dim": 12, "batch_size": 16, "epochs": 2, "lr": 1e-2, "warm_up": 1}
        plain |= {"dropout": 0.0, "word_dropout": 0.0, "report": False, "workers": 1, "runs": tmp_path / "runs"}
        if changes.get("data") == "flickr8k":
            plain |= {"model": "convnet", "image_size": "32", "resize": "stretch", "min_crop": 1.0, "flip": False}
        if changes.get("loss") in ("sum_hinge", "order"):
            del plain["warm_up"]
        return VseOptions(**{**plain, **changes})

    return options


@pytest.fixture(scope="session")
def colours(tmp_path_factory) -> list[str]:
    return planted.pictures(tmp_path_factory.mktemp("colours") / "pictures")


@pytest.fixture
def run(tmp_path, colours):
    return planted.run_folder(tmp_path / "run", colours)


@pytest.fixture
def trained(run):
    return build.trained(run, "best", [mx.cpu()])
