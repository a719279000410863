"""Runs of sketches and photographs as train_sketch.py leaves them, untrained, of vectors or of codes."""

import json
from dataclasses import asdict
from pathlib import Path

from embedding.mx import mx, nd
from embedding.sketches import build
from embedding.sketches.options import SketchOptions
from hashing.sketches.build import CODES
from hashing.sketches.options import SketchHashOptions

SMALL = {"data": "outlines", "model": "convnet", "image_size": "28", "test_size": "28"}


def run_folder(folder: Path, *, codes: bool = False, share: str = "none") -> Path:
    """Options, and a best network of random weights; ``share`` is what its two sides have in common."""
    kind, size = (SketchHashOptions, {"bits": 16}) if codes else (SketchOptions, {"embed_dim": 8})
    options = kind(share=share, **size, **SMALL)
    net = build.network(options, CODES if codes else build.VECTORS)
    mx.random.seed(0)
    net.initialize(mx.init.Normal(0.1), force_reinit=True)
    blank = nd.zeros((1, 28, 28, 3), dtype="uint8")
    net(blank, blank)[0].wait_to_read()
    (folder / "best").mkdir(parents=True)
    net.save_parameters(str(folder / "best" / "net.params"))
    (folder / "options.json").write_text(json.dumps(asdict(options), default=str))
    return folder
