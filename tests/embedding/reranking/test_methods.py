"""Methods as text: read, refused with a line that names the flag, and applied one after the other."""

import re

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.evaluation.ranking import Ranking
from embedding.reranking import database_augmentation, diffusion, k_reciprocal, query_expansion, verify
from embedding.reranking.methods import METHODS, apply, parse


def whole(ranking):
    return ranking.first(ranking.shape[1])[0]


@pytest.fixture
def vectors(clustered):
    return clustered(12, seed=1)[0], clustered(60)[0]


def test_settings_are_read_in_their_order_and_else_as_published():
    steps = parse(" dba=7, alpha-qe = 10:2.5 ,diffusion, k-reciprocal=20:6:0.3:100", "--rerank")
    assert [step.name for step in steps] == ["dba", "alpha-qe", "diffusion", "k-reciprocal"]
    assert steps[0].settings == {"count": 7}
    assert steps[1].settings == {"count": 10, "alpha": 2.5}
    assert steps[2].settings == {"k": 50, "query_k": 10, "gamma": 3.0, "alpha": 0.99, "first": 0}
    assert steps[3].settings == {"k1": 20, "k2": 6, "weight": 0.3, "first": 100}
    assert all(isinstance(step.settings["count"], int) for step in steps[:2])


@pytest.mark.parametrize("text", ["", " ", ",", " , ", "none"])
def test_nothing_is_no_step(text):
    assert parse(text, "--rerank") == []


@pytest.mark.parametrize("name", METHODS)
def test_what_a_step_is_called_reads_as_the_same_step(name):
    (step,) = parse(name, "--rerank")
    assert parse(str(step), "--rerank") == [step]


@pytest.mark.parametrize(
    "text, why",
    [
        ("difusion=50", "--rerank=difusion=50: unknown re-ranking 'difusion': did you mean diffusion? known are aqe,"),
        ("aqe=ten", "in aqe=ten, as aqe=count, count is a whole number of at least 1, not 'ten'"),
        ("aqe=", "count is a whole number of at least 1, not ''"),
        ("aqe=0", "count is a whole number of at least 1, not '0'"),
        ("aqe=2.5", "count is a whole number of at least 1, not '2.5'"),
        ("alpha-qe=5:nan", "as alpha-qe=count:alpha, alpha is a number from 0 to 100, not 'nan'"),
        ("diffusion=50:10:3:1", "alpha is a number from 0 to 0.9999, not '1'"),
        ("k-reciprocal=20:6:1.5", "weight is a number from 0 to 1, not '1.5'"),
        ("aqe=1:2", "aqe takes aqe=count, not 2 settings"),
        ("diffusion, aqe", "aqe changes vectors, which diffusion has ranked already; name it first"),
    ],
)
def test_what_cannot_be_is_told_in_a_line_that_names_the_flag(text, why):
    with pytest.raises(InputError, match=re.escape(why)) as error:
        parse(text, "--rerank")
    assert str(error.value).startswith(f"--rerank={text}: ") and "\n" not in str(error.value)


def test_without_steps_the_vectors_rank(vectors):
    queries, gallery = vectors
    np.testing.assert_array_equal(whole(apply([], *vectors)), whole(Ranking.of_vectors(queries, gallery)))


def test_steps_do_what_their_functions_do_one_after_the_other(vectors):
    queries, gallery = vectors
    exclude = [np.array([row, row + 20]) for row in range(len(queries))]
    found = apply(
        parse("dba=4,alpha-qe=3:2,diffusion=6:4,k-reciprocal=5:2:0.4:25", "--rerank"), *vectors, exclude=exclude
    )
    gallery = database_augmentation.augment(gallery, count=4)
    queries = query_expansion.expand(queries, gallery, count=3, alpha=2.0, exclude=exclude)
    scores = diffusion.diffuse(queries, gallery, k=6, query_k=4, exclude=exclude)
    expected = np.argsort(-scores, axis=1, kind="stable")
    first = expected[:, :25]
    distances = k_reciprocal.k_reciprocal(queries, gallery, first, k1=5, k2=2, weight=0.4, exclude=exclude)
    expected[:, :25] = np.take_along_axis(first, np.argsort(distances, axis=1, kind="stable"), axis=1)
    np.testing.assert_array_equal(whole(found), expected)


def test_diffusion_among_the_first_leaves_the_rest_where_it_was(vectors):
    queries, gallery = vectors
    plain, found = (whole(apply(parse(text, "--rerank"), *vectors)) for text in ("", "diffusion=5:3:3:0.9:20"))
    np.testing.assert_array_equal(found[:, 20:], plain[:, 20:])
    assert (found[:, :20] != plain[:, :20]).any()
    for row in range(len(queries)):
        scores = diffusion.diffuse(queries[[row]], gallery[plain[row, :20]], k=5, query_k=3, alpha=0.9)[0]
        np.testing.assert_array_equal(found[row, :20], plain[row, :20][np.argsort(-scores, kind="stable")])


@pytest.mark.parametrize("name", METHODS)
def test_every_method_ranks_all_of_a_small_gallery(name, clustered):
    queries, gallery = clustered(4, seed=1)[0], clustered(3)[0]
    ranked = whole(apply(parse(name, "--rerank"), queries, gallery))
    np.testing.assert_array_equal(np.sort(ranked, axis=1), np.tile(np.arange(3), (4, 1)))


@pytest.mark.parametrize(
    "text", ["", "aqe=2", "diffusion=5", "diffusion=5:3:3:0.9:20", "aqe=2,k-reciprocal=5:2:0.3:20"]
)
def test_where_geometry_finds_nothing_the_order_of_any_method_stays(text, vectors):
    ranking = apply(parse(text, "--rerank"), *vectors)
    neighbors, scores = ranking.cosines(10)
    np.testing.assert_array_equal(neighbors, ranking.first(10)[0])
    joint = verify.joined(scores, np.zeros(scores.shape, np.int32))
    np.testing.assert_array_equal(np.argsort(-joint, axis=1, kind="stable"), np.tile(np.arange(10), (len(joint), 1)))
    plain = apply([step for step in parse(text, "--rerank") if not METHODS[step.name].ranks], *vectors)
    np.testing.assert_allclose(scores, plain.first(10)[1], rtol=1e-6)


@pytest.mark.parametrize("text", ["diffusion=5", "diffusion=5:3:3:0.9:20", "k-reciprocal=5:2:0.3:20"])
def test_a_query_s_own_picture_takes_no_place_of_the_cosines(text, vectors):
    _, gallery = vectors
    rows = np.arange(5)
    ranking = apply(parse(text, "--rerank"), gallery[:5], gallery, exclude=list(rows[:, None]))
    neighbors, scores = ranking.cosines(12)
    plain = Ranking.of_vectors(gallery[:5], gallery).first(13)[1][:, 1:]  # without its own, of cosine 1
    for row in rows:
        others = neighbors[row] != row
        np.testing.assert_allclose(scores[row, others], plain[row, : others.sum()], rtol=1e-6)
    assert (np.diff(scores, axis=1) <= 0).all()


@pytest.mark.parametrize("name", METHODS)
def test_settings_beyond_all_reason_take_no_more_than_the_gallery(name, vectors):
    much = whole(apply(parse(f"{name}=999999999999", "--rerank"), *vectors))
    if name != "dba":  # whose weights by rank depend on it
        np.testing.assert_array_equal(much, whole(apply(parse(f"{name}=60", "--rerank"), *vectors)))


@pytest.mark.parametrize("name", METHODS)
def test_every_method_answers_a_single_query_as_it_does_among_others(name, vectors):
    queries, gallery = vectors
    together = whole(apply(parse(name, "--rerank"), queries, gallery))
    alone = whole(apply(parse(name, "--rerank"), queries[[5]], gallery))
    np.testing.assert_array_equal(alone[0], together[5])


@pytest.mark.parametrize("name", METHODS)
def test_every_method_says_what_it_does_and_how_it_is_written(name):
    method = METHODS[name]
    assert method.does and parse(f"{name}=" + ":".join(f"{one.default:g}" for one in method.settings), "--rerank")
