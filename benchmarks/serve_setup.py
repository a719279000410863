"""What benchmarks/serve.py serves: a gallery of made-up vectors, a network of random weights, photographs as JPEG."""

import functools
import json
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import verdicts
from verdicts import Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

DIM, MODEL, SIDE = 512, "mobilenetv2_1.0", 224
WORDS = 5000  # of the vocabulary
PACK, NOISE = 1000, 0.02  # vectors that are repeated, and what is added to each of their numbers
OPENED = "HNSW16,efConstruction=20"  # built in some minutes
_AT_ONCE = 2000


def vectors(count: int, dim: int, *, seed: int = 0) -> np.ndarray:
    """Unit rows (count, dim): those of a pack, repeated, with a little noise."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((PACK, dim), np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found = np.empty((count, dim), np.float32)
    for start in range(0, count, PACK):
        part = rows[: count - start]
        found[start : start + PACK] = part + NOISE * rng.standard_normal(part.shape, np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def photographs(count: int, size: tuple[int, int]) -> list[bytes]:
    """JPEG files of colours that wander, with the grain of a photograph, width and height as given."""
    rng, found = np.random.default_rng(0), []
    for _ in range(count):
        small = rng.integers(0, 256, (size[1] // 40, size[0] // 40, 3), np.uint8)
        grain = rng.normal(0, 6, (size[1], size[0], 1)).astype(np.float32)
        whole = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC).astype(np.float32) + grain
        picture = np.clip(whole, 0, 255).astype(np.uint8)
        found.append(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes())
    return found


def run_folder(folder: Path) -> Path:
    """What a run of train_vse.py leaves of its towers, whose weights are random here."""
    from embedding.mx import mx
    from embedding.network.net import Encoder
    from vse import build
    from vse.network.towers import VseNet
    from vse.network.vocab import Vocabulary
    from vse.options import VseOptions

    sizes = {"embed_dim": DIM, "word_dim": 300, "image_size": str(SIDE), "test_size": str(SIDE)}
    options = VseOptions(data="made up", loss="max_hinge", model=MODEL, pool="avg", dropout=0.0, **sizes)
    names = ["a", "red", "car", "and", "dogs", "play", *(f"word{i}" for i in range(WORDS))]
    vocabulary, devices = Vocabulary(names), [mx.cpu()]
    loss = build.losses.get(options.loss).Loss(images=4, dim=DIM)
    net = VseNet(Encoder(model=MODEL, pool="avg"), build._towers(options, loss, vocabulary, devices))
    net.encoder.initialize()
    net.encoder(mx.nd.zeros((1, SIDE, SIDE, 3), dtype="uint8")).wait_to_read()
    net.towers.images.settle(np.random.default_rng(0).standard_normal((64, 1280)).astype(np.float32))
    (folder / "best").mkdir(parents=True)
    net.save_parameters(str(folder / "best" / "net.params"))
    vocabulary.save(folder / build.VOCABULARY)
    (folder / "options.json").write_text(json.dumps(vars(options), default=str))
    return folder


def make(data: Path, count: int) -> str:
    """Write all that a server over ``data`` finds there; a token that it knows."""
    os.environ |= {"WEB_DATA": str(data), "DJANGO_SETTINGS_MODULE": "web.settings"}
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    _gallery(run_folder(data / "run"), count)
    return _token()


def _gallery(run: Path, count: int) -> None:
    from web.galleries.models import Gallery, Picture, Version
    from web.serving import network, snapshot
    from web.serving.network import Spec

    gallery = Gallery.objects.create(slug="bench", name="Bench", source=str(run.parent))
    spec = Spec("run", path=str(run))
    facts = network.opened(spec).facts
    known = {"fingerprint": facts.network, "dim": facts.dim, "state": Version.State.READY, "snapshot": 1}
    version = Version.objects.create(gallery=gallery, number=1, network=str(spec), **known)
    rows = [Picture(gallery=gallery, path=f"{i % PACK}/{i}.jpg", category=f"class {i % PACK}") for i in range(count)]
    for start in range(0, count, _AT_ONCE):
        Picture.objects.bulk_create(rows[start : start + _AT_ONCE])
    ids = np.fromiter(gallery.pictures.order_by("pk").values_list("pk", flat=True), np.int64)
    snapshot.write(version.snapshot_folder, ids, vectors(count, DIM), name="bench", network=facts.network)
    gallery.active = version
    gallery.save()


def _token() -> str:
    from django.contrib.auth import get_user_model

    from web.accounts import bearer

    user = get_user_model().objects.create_user("bench", password="of-benchmarks-alone")
    return bearer.made(user, "bench", "read")[1]


@functools.cache
def opened() -> object:
    """The gallery's network, in this process."""
    from web.galleries.models import Version
    from web.serving import network

    return network.opened(Version.objects.get().spec)


def opening(folder: Path, count: int, *, at_most: float) -> Verdict:
    """Seconds in which an index over so many vectors of 128 numbers is opened, and answers; it is built for that."""
    from ann_bench.indexes.faiss_float import Index

    about, rows = {"dim": 128, "metric": "angular", "count": count}, vectors(count, 128)
    built = Index(OPENED, **about)
    built.set_threads(len(os.sched_getaffinity(0)))
    built.add(rows)
    built.save(folder / "large.index")
    start = time.perf_counter()
    opened = Index(OPENED, **about)
    opened.map(folder / "large.index")
    took = time.perf_counter() - start
    found, _ = opened.search(rows[7:8], 10)
    assert 7 in found[0]
    return verdicts.figure("serve.open_index_s", round(took, 3), at_most=at_most, size=f"{count} x 128, {OPENED}")
