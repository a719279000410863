"""Whitening: beside its definition in plain numpy, on odd sizes, on disk, and never on what it is judged on."""

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial.distance

from datasets.errors import InputError
from datasets.images.base import ImageSet
from datasets.images.truth import Truth
from embedding.evaluation import whiten
from embedding.evaluation.whiten import Whitening, check_apart, learn_lw, learn_pca

DIM = 12


def things(seed: int = 0, count: int = 60, views: int = 3, dim: int = DIM) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of things that each have some views, float32, and the pairs of a first view and another."""
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(2, dim, dim))
    vectors = np.repeat(rng.normal(size=(count, dim)) @ mix[0], views, axis=0)
    vectors += 0.3 * rng.normal(size=vectors.shape) @ mix[1] + 2
    pairs = [(views * thing, views * thing + view) for thing in range(count) for view in range(1, views)]
    return vectors.astype(np.float32), np.array(pairs)


def plain_lw(vectors: np.ndarray, pairs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """By loops over pairs and vectors, and the generalised eigenproblem in place of Cholesky's inverse."""
    vectors = vectors.astype(float)
    mean = sum(vectors[query] for query, _ in pairs) / len(pairs)
    within = sum(np.outer(vectors[q] - vectors[p], vectors[q] - vectors[p]) for q, p in pairs) / len(pairs)
    total = sum(np.outer(vector - mean, vector - mean) for vector in vectors)
    # total v = w within v, with v' within v = 1: the rows v' are what whitens the differences and parts the vectors.
    values, axes = scipy.linalg.eigh(total, within)
    return mean, axes[:, np.argsort(-values)].T


def same_but_for_signs(ours: np.ndarray, other: np.ndarray) -> None:
    signs = np.sign((ours * other).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(ours * signs, other, rtol=1e-6, atol=1e-6 * np.abs(other).max())


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_lw_is_its_definition(monkeypatch):
    vectors, pairs = things()
    monkeypatch.setattr(whiten, "_ROWS", 37)  # blocks that do not fit
    learned, (mean, projection) = learn_lw(vectors, pairs), plain_lw(vectors, pairs)
    np.testing.assert_allclose(learned.mean, mean, rtol=1e-9)
    same_but_for_signs(learned.projection, projection)
    expected = unit((vectors - mean) @ projection.T)
    signs = np.sign((learned.projection * projection).sum(axis=1))
    np.testing.assert_allclose(learned(vectors) * signs, expected, atol=1e-5)


def test_after_lw_differences_are_white_and_axes_come_by_strength():
    vectors, pairs = things(1)
    learned = learn_lw(vectors, pairs)
    moved = (vectors - learned.mean) @ learned.projection.T
    differences = moved[pairs[:, 0]] - moved[pairs[:, 1]]
    np.testing.assert_allclose(differences.T @ differences / len(pairs), np.eye(DIM), atol=1e-6)
    moment = moved.T @ moved
    np.testing.assert_allclose(moment, np.diag(np.diag(moment)), atol=1e-6 * moment.max())
    assert (np.diff(np.diag(moment)) < 0).all()


def test_lw_brings_matches_together():
    vectors, pairs = things(2)

    def found_first(given: np.ndarray) -> float:
        similar = unit(given) @ unit(given).T
        np.fill_diagonal(similar, -1)
        return (similar.argmax(axis=1) // 3 == np.arange(len(given)) // 3).mean()

    held_out, _ = things(2, count=120)
    assert found_first(learn_lw(vectors, pairs)(held_out[180:])) > found_first(held_out[180:] - held_out.mean(axis=0))


def test_pca_is_its_definition():
    vectors, _ = things(3)
    learned = learn_pca(vectors)
    values, axes = scipy.linalg.eigh(np.cov(vectors.T.astype(float), bias=True))
    same_but_for_signs(learned.projection, (axes / np.sqrt(values)).T[::-1])
    np.testing.assert_allclose(learned.mean, vectors.mean(axis=0, dtype=float), rtol=1e-9)
    np.testing.assert_allclose(np.cov((vectors @ learned.projection.T).T, bias=True), np.eye(DIM), atol=1e-4)


@pytest.mark.parametrize("shrinkage", [0.0, 0.4, 1.0])
def test_shrinkage_is_the_power_of_the_variance(shrinkage):
    vectors, _ = things(4)
    moved = (vectors - vectors.mean(axis=0)) @ learn_pca(vectors, shrinkage=shrinkage).projection.T
    values = np.sort(np.linalg.eigvalsh(np.cov(vectors.T.astype(float), bias=True)))[::-1]
    np.testing.assert_allclose(moved.var(axis=0), values ** (1 - shrinkage), rtol=1e-4)


def test_pca_without_whitening_keeps_distances():
    vectors, _ = things(5)
    turned = learn_pca(vectors, shrinkage=0).projection
    near = scipy.spatial.distance.pdist(vectors.astype(float))
    np.testing.assert_allclose(scipy.spatial.distance.pdist(vectors @ turned.T), near, rtol=1e-5)


@pytest.mark.parametrize("count", [2, 5, DIM, DIM + 1])
def test_pca_of_fewer_vectors_than_dimensions(count):
    vectors = things(6)[0][::3][:count]
    learned = learn_pca(vectors)
    assert learned.dim == min(count - 1, DIM)
    moved = (vectors - learned.mean) @ learned.projection.T
    np.testing.assert_allclose(moved.T @ moved / count, np.eye(learned.dim), atol=1e-6)
    with pytest.raises(InputError, match=rf"have {learned.dim} components, and {DIM + 1} are needed"):
        learn_pca(vectors, DIM + 1)


def test_pca_of_equal_vectors():
    with pytest.raises(InputError, match="0 components"):
        learn_pca(np.ones((9, 4), np.float32))
    with pytest.raises(InputError, match="0 components"):
        learn_pca(np.empty((0, 4), np.float32))


@pytest.mark.parametrize("ridge", [0.0, 0.1, 1.0])
def test_lw_of_fewer_pairs_than_dimensions(ridge):
    vectors, pairs = things(7, count=4, dim=40)
    learned = learn_lw(vectors, pairs, ridge=ridge)
    assert learned.projection.shape == (40, 40)
    assert np.isfinite(learned(vectors)).all()
    differences = vectors[pairs[:, 0]].astype(float) - vectors[pairs[:, 1]]
    spread = differences.T @ differences / len(pairs)
    scaled = np.eye(40) * np.trace(spread) / 40
    mixed = (1 - ridge) * spread + ridge * scaled
    if ridge:  # else a jitter on the diagonal
        np.testing.assert_allclose(learned.projection @ mixed @ learned.projection.T, np.eye(40), atol=1e-6)


def test_jitter_grows_until_there_is_a_square_root():
    moment = np.diag([4.0, 1.0, 0.0])
    lower = whiten._cholesky(moment)
    np.testing.assert_allclose(lower @ lower.T, moment, atol=1e-9)
    assert 0 < lower[2, 2] ** 2 <= 1e-9
    np.testing.assert_array_equal(whiten._cholesky(np.diag([4.0, 1.0])), np.diag([2.0, 1.0]))


def test_lw_without_pairs_and_of_equal_vectors():
    vectors, pairs = things(8)
    with pytest.raises(InputError, match="no pairs"):
        learn_lw(vectors, pairs[:0])
    with pytest.raises(InputError, match="equal"):
        learn_lw(np.ones_like(vectors), pairs)


def test_vectors_that_are_not_finite():
    vectors, pairs = things(9)
    vectors[4, 2] = np.nan
    for learn in (lambda: learn_lw(vectors, pairs), lambda: learn_pca(vectors)):
        with pytest.raises(InputError, match="not finite"):
            learn()


def test_the_first_dimensions():
    vectors, pairs = things(10)
    learned = learn_lw(vectors, pairs)
    short = learned.first(5)
    assert short(vectors).shape == (len(vectors), 5)
    np.testing.assert_allclose(short(vectors), unit(learned(vectors)[:, :5]), atol=1e-5)
    for dim in (0, DIM + 1):
        with pytest.raises(InputError, match=f"1 to {DIM} dimensions"):
            learned.first(dim)


def test_vectors_come_out_with_unit_length_also_from_the_mean_itself():
    learned = learn_pca(things(11)[0])
    found = learned(np.stack([learned.mean, learned.mean + 1]))
    assert found.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), [0, 1], atol=1e-4)


def test_vectors_of_another_dimension():
    learned = Whitening(np.zeros(3), np.eye(3), "books (ab12)")
    with pytest.raises(InputError, match=r"learned on books \(ab12\) from vectors of 3 dimensions, these have 4"):
        learned(np.zeros((2, 4), np.float32))


def test_saved_and_loaded(tmp_path):
    learned = learn_pca(things(13)[0]).told(photographs(), np.arange(3))
    learned.save(tmp_path / "runs" / "deep" / "set.npz")
    again = Whitening.load(tmp_path / "runs" / "deep" / "set.npz")
    assert again.learned_on == learned.learned_on
    for name in ("mean", "projection", "pictures"):
        np.testing.assert_array_equal(getattr(again, name), getattr(learned, name))
    assert [path.name for path in (tmp_path / "runs" / "deep").iterdir()] == ["set.npz"]


def test_files_that_are_no_whitening(tmp_path):
    good = {
        "mean": np.zeros(3),
        "projection": np.eye(3),
        "pictures": np.empty(0, np.uint64),
        "learned_on": np.array(""),
    }
    wrong = {
        "calls.npz": good | {"mean": np.array([print, None, 1], dtype=object)},
        "lacks.npz": {name: good[name] for name in ("mean", "pictures")},
        "shape.npz": good | {"mean": np.zeros(4)},
        "words.npz": good | {"mean": np.array(["a", "b", "c"])},
        "nan.npz": good | {"projection": np.full((3, 3), np.nan)},
        "flat.npz": good | {"projection": np.zeros(3)},
        "empty.npz": good | {"mean": np.zeros(0), "projection": np.zeros((0, 0))},
    }
    for name, arrays in wrong.items():
        np.savez(tmp_path / name, **arrays)
    np.save(tmp_path / "array.npy", np.eye(3))
    (tmp_path / "text.npz").write_text("not a whitening")
    (tmp_path / "nothing.npz").write_bytes(b"")
    np.savez(tmp_path / "good.npz", **good)
    (tmp_path / "cut.npz").write_bytes((tmp_path / "good.npz").read_bytes()[:300])
    assert Whitening.load(tmp_path / "good.npz").dim == 3
    for name in (*wrong, "array.npy", "text.npz", "nothing.npz", "cut.npz", "missing.npz", "."):
        with pytest.raises(InputError) as error:
            Whitening.load(tmp_path / name)
        assert str(tmp_path / name) in str(error.value) and "\n" not in str(error.value)


def test_where_it_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        Whitening(np.zeros(2), np.eye(2)).save(tmp_path / "file" / "set.npz")


def photographs(seed: int = 0, **more) -> ImageSet:
    """Twelve small images: of the first part's two queries, their answers, and what is wrong for all."""
    images = np.random.default_rng(seed).integers(0, 255, (12, 4, 4, 3), dtype=np.uint8)
    split = {"train": np.arange(0), "query": np.array([0, 1, 2]), "gallery": np.arange(3, 12)}
    answers = tuple(np.array([place]) for place in range(3))
    nothing = tuple(np.empty(0, np.int64) for _ in range(3))
    truth = Truth("instances", answers, nothing, nothing, parts=("a", "a", "b"))
    fields = {"name": "photographs", "labels": np.arange(12), "class_names": tuple("abcdefghijkl"), "truth": truth}
    return ImageSet(images=images, **split, **(fields | more))


def test_it_may_be_judged_on_another_set_and_on_another_part():
    images = photographs()
    plain = Whitening(np.zeros(2), np.eye(2))
    check_apart(plain.told(photographs(1), np.arange(12)), images)
    learned = plain.told(images, np.array([2, 5, 9, 10]))  # of part b, and what is wrong for all
    assert learned.learned_on == f"photographs ({images.fingerprint()})"
    check_apart(learned, images, "a")
    for part in ("", "b"):
        with pytest.raises(InputError, match=r"2 of the pictures by which .* such as photographs\[2\]"):
            check_apart(learned, images, part)


def test_pictures_are_known_under_any_name_of_the_set():
    images = photographs()
    learned = Whitening(np.zeros(2), np.eye(2)).told(photographs(name="others", truth=None), np.array([4]))
    with pytest.raises(InputError, match="learned on pictures of others"):
        check_apart(learned, images)


def test_without_a_record_of_pictures_names_tell():
    images = photographs()
    for named in ("photographs", images.fingerprint(), f"photographs ({images.fingerprint()})"):
        with pytest.raises(InputError, match="learn it on something else"):
            check_apart(Whitening(np.zeros(2), np.eye(2), named), images)
    for named in ("", "retrieval-SfM-120k"):
        check_apart(Whitening(np.zeros(2), np.eye(2), named), images)
