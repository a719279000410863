"""The camera rule: a case worked out by hand, and plain loops over random sets full of ties."""

import numpy as np
import pytest

import embedding.mx  # noqa: F401
from datasets.errors import InputError
from datasets.vectors.base import Embeddings, from_embeddings
from embedding.evaluation import cameras as module
from embedding.evaluation.scores import evaluate, evaluate_set

A, B, C = 0, 1, 2


def on_a_line(name: str, *images: tuple[float, int, int]) -> Embeddings:
    """Images as (place, class, camera)."""
    places, labels, cameras = zip(*images, strict=True)
    vectors = np.array(places, np.float32)[:, None]
    return Embeddings(vectors, np.array(labels), tuple(f"{name}{k}" for k in range(len(images))), np.array(cameras))


# Queries: A by camera 1 at 0; B by camera 1 at 10; C by camera 1 at 4.4.
QUERIES = on_a_line("q", (0, A, 1), (10, B, 1), (4.4, C, 1))
GALLERY = on_a_line("g", (1, A, 1), (2, B, 1), (3, A, 2), (4, C, 2), (5, A, 3), (6, A, 1), (7, B, 1))


def test_by_hand():
    # The first is not asked for the images at 1 and 6, A by camera 1; it finds B (2), A (3), C (4), A (5), B (7):
    #   its first hit stands second; R = 2; average precision (1/2 + 2/4) / 2; of the first R (1/2) / 2.
    # The second is not asked for either image of B: nothing is left to find, it is left out.
    # The third finds C (4) at 0.4, before A (5) at 0.6.
    scores = evaluate(QUERIES, GALLERY, ks=(1, 2, 40), nmi=False)
    assert scores == pytest.approx(
        {
            **{"recall@1": (0 + 1) / 2, "recall@2": 1, "recall@40": 1},
            **{"map@r": (1 / 4 + 1) / 2, "r-precision": (1 / 2 + 1) / 2, "map": (1 / 2 + 1) / 2},
            "queries left out": 1,
        }
    )


def test_without_cameras_the_same_images_count():
    plain = [Embeddings(part.vectors, part.labels, part.paths) for part in (QUERIES, GALLERY)]
    scores = evaluate(*plain, ks=(1,), nmi=False)
    # The first finds A (1) now. Of A, R = 4, the first four hold A (1) and A (3): precision 1 and 2/3.
    # The second finds B (7) first; R = 2, A (6) stands second.
    assert scores == pytest.approx(
        {"recall@1": 1, "map@r": ((1 + 2 / 3) / 4 + 1 / 2 + 1) / 3, "r-precision": (2 / 4 + 1 / 2 + 1) / 3}
    )


def gridded(count: int, *, seed: int, classes: int = 6, dim: int = 2) -> Embeddings:
    """Images on a coarse grid, so that many distances are the same to the last bit."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, count)
    vectors = rng.integers(-2, 3, (count, dim)) + labels[:, None] // 2 + 1
    names = tuple(f"{seed}-{row}" for row in range(count))
    return Embeddings(vectors.astype(np.float32), labels, names, rng.integers(-1, 3, count))


def plain_scores(queries: Embeddings, gallery: Embeddings, ks, nearness) -> dict[str, float]:
    rows = []
    for i, (label, camera) in enumerate(zip(queries.labels, queries.cameras, strict=True)):
        kept = [j for j in range(len(gallery)) if gallery.labels[j] != label or gallery.cameras[j] != camera]
        kept.sort(key=lambda j: (nearness(queries.vectors[i], gallery.vectors[j]), gallery.labels[j] == label))
        hits = [gallery.labels[j] == label for j in kept]
        many = sum(hits)
        if many:
            precision = [hit * sum(hits[: rank + 1]) / (rank + 1) for rank, hit in enumerate(hits)]
            found = [*(float(any(hits[:k])) for k in ks), sum(precision[:many]) / many, sum(hits[:many]) / many]
            rows.append([*found, sum(precision) / many])
    names = [*(f"recall@{k}" for k in ks), "map@r", "r-precision", "map"]
    return dict(zip(names, np.mean(rows, axis=0), strict=True))


NEARNESS = {
    "euclidean": lambda x, y: float(((x - y) ** 2).sum()),
    "inner_product": lambda x, y: -float((x * y).sum()),
}


@pytest.mark.parametrize("metric", NEARNESS)
@pytest.mark.parametrize("block", [1, 2**22])
def test_against_plain_loops(metric, block, monkeypatch):
    monkeypatch.setattr(module, "_BLOCK_DISTANCES", block)
    queries, gallery = gridded(50, seed=0), gridded(70, seed=1)
    scores = evaluate(queries, gallery, ks=(1, 5), metric=metric, nmi=False)
    expected = plain_scores(queries, gallery, (1, 5), NEARNESS[metric])
    assert scores == pytest.approx(expected, abs=1e-9)
    assert 0.1 < scores["map"] < 0.9


def test_leave_one_out_under_the_rule():
    images = gridded(60, seed=2)
    expected = plain_scores(images, images, (1, 5), NEARNESS["euclidean"])
    assert evaluate(images, None, ks=(1, 5), nmi=False) == pytest.approx(expected, abs=1e-9)


def test_embeddings_that_are_all_the_same_find_nothing_first():
    images = gridded(60, seed=3)
    same = Embeddings(np.ones_like(images.vectors), images.labels, images.paths, images.cameras)
    scores = evaluate(same, None, ks=(1,), nmi=False)
    assert scores["recall@1"] == 0 and scores["map@r"] == 0 and scores["map"] < 0.2


def test_distractors_only_stand_in_the_way():
    near = on_a_line("d", (0.1, 9, 2), (0.2, 9, 1))
    both = [np.concatenate(pair) for pair in zip(parts(GALLERY), parts(near), strict=True)]
    gallery = Embeddings(both[0], both[1], GALLERY.paths + near.paths, both[2])
    scores = evaluate(QUERIES, gallery, ks=(1,), nmi=False)
    # Those two stand before everything that the first finds; the third finds C all the same.
    assert scores["map"] == pytest.approx(((1 / 4 + 2 / 6) / 2 + 1) / 2)


def parts(images: Embeddings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return images.vectors, images.labels, images.cameras


def test_a_set_of_vectors_gives_the_same_scores():
    queries, gallery = gridded(30, seed=4), gridded(40, seed=5)
    vectors = from_embeddings(queries, gallery, name="crossing")
    assert evaluate_set(vectors, nmi=False) == evaluate(queries, gallery, nmi=False)
    alone = from_embeddings(queries, None, name="crossing")
    assert evaluate_set(alone, nmi=False) == evaluate(queries, None, nmi=False)


def test_cameras_of_one_side_only_are_refused():
    plain = Embeddings(GALLERY.vectors, GALLERY.labels, GALLERY.paths)
    with pytest.raises(InputError, match="only the queries or only the gallery have cameras"):
        evaluate(QUERIES, plain)
    with pytest.raises(ValueError, match=r"cameras of embeddings must be \(7,\) int64"):
        Embeddings(GALLERY.vectors, GALLERY.labels, GALLERY.paths, GALLERY.cameras[:3])
