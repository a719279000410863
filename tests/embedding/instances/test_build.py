"""What the options describe, built: who trains, who chooses, and what a new network learns before it is trained."""

from dataclasses import replace

import numpy as np
import pytest

from datasets import images as image_sets
from datasets.errors import InputError
from datasets.images.skipped import Skipped
from datasets.images.truth import of_labels
from embedding.evaluation.whiten import learn_lw
from embedding.instances import build, centres, whitened
from embedding.instances.options import InstanceOptions
from embedding.mx import mx, nd
from embedding.network.instance_head import exponent

DEVICES = [mx.cpu()]
SMALL = {"data": "digits", "query_size": 400, "pool_size": 40, "neg_num": 2, "batch_size": 3, "validation": 0.5}


def made(**how):
    options = InstanceOptions(**SMALL | how)
    images = build.image_set(options)
    options = options.resolve(images)
    mx.random.seed(3)
    parts = build.parts(options, images, build.test_sets(options, images), DEVICES, Skipped(len(images)))
    return options, parts


def test_instances_are_held_out_of_training():
    _, parts = made()
    trained, chooses = parts.batches.images, parts.validation.images
    assert not np.isin(trained.labels[trained.train], chooses.labels[chooses.query]).any()
    assert [judge.images.name for judge in parts.judges] == ["digits"]


def test_nothing_is_held_out_without_validation():
    options, parts = made(no_val=True)
    assert parts.validation is None
    assert (parts.batches.images.train == build.image_set(options).train).all()


def test_the_set_s_own_part_chooses_where_other_sets_test():
    _, parts = made(test_datasets="glyphs")
    images = image_sets.get("digits").load()
    assert (parts.validation.images.query == images.query).all()
    assert [judge.images.name for judge in parts.judges] == ["glyphs"]


def test_what_is_trained_on_does_not_choose_where_other_sets_test():
    options = InstanceOptions(**SMALL, test_datasets="glyphs").resolve(image_sets.get("digits").load())
    images = image_sets.get("digits").load()
    all_rows = np.arange(len(images))
    training = build._training(options, images.with_split(train=all_rows, query=all_rows, gallery=all_rows))
    assert len(training.query)
    assert not np.isin(training.labels[training.query], training.labels[training.train]).any()


@pytest.mark.parametrize(("given", "found"), [({}, 10), ({"pool": "gem-channels"}, 100), ({"p_mult": 3.0}, 3)])
def test_p_learns_faster_than_the_trunk(given, found):
    _, parts = made(lr_mult=0.5, **given)
    assert exponent(parts.net).lr_mult == found
    assert {param.lr_mult for param in parts.net.encoder.trunk.collect_params().values()} == {0.5}


def test_the_last_layer_begins_as_the_whitening_of_training_pairs():
    options, parts = made(whitening=True, embed_dim=8)
    whitened.last_layer(options, parts)
    images = parts.batches.images
    pairs = whitened.draw(images, seed=options.seed, epoch=0, queries=5000, pool=0).pairs
    rows = np.unique(pairs)
    features = parts.net.encoder(nd.array(images.images[rows], dtype="uint8")).asnumpy()
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    expected = learn_lw(unit, np.searchsorted(rows, pairs)).first(8)(unit)
    found = parts.net(nd.array(images.images[rows], dtype="uint8")).asnumpy()
    np.testing.assert_allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("dim", [None, 12])
def test_pictures_that_teach_too_few_numbers_are_told(monkeypatch, dim):
    options, parts = made(whitening=True, embed_dim=dim)
    monkeypatch.setattr(whitened, "_PAIRS", 4)  # of 8 pictures, which differ in 7 ways
    with pytest.raises(
        InputError, match=rf"--whitening: .* 7 numbers, not of {dim or 128}; give --embed-dim=7 or less"
    ):
        whitened.last_layer(options, parts)


def test_netvlad_s_centres_lie_among_the_places_they_are_of():
    options, parts = made(pool="netvlad")
    centres.centre(options, parts)
    found = parts.net.encoder.pool.centres.data().asnumpy()[0]
    places = centres.places(options, parts)
    np.testing.assert_allclose(np.linalg.norm(places, axis=1), 1, rtol=1e-5)
    nearest = np.linalg.norm(places[:, None] - found, axis=2).argmin(axis=1)
    for k in np.unique(nearest):  # of k-means that has come to rest each is the mean of what is nearest to it
        np.testing.assert_allclose(found[k], places[nearest == k].mean(axis=0), atol=0.15)


def test_a_judge_scores_by_parts_and_leaves_out_what_cannot_be_read():
    _, parts = made()
    judge = parts.judges[0]
    images = judge.images
    truth = of_labels(images.labels, images.query, images.gallery)
    names = tuple("ab"[row % 2] for row in range(len(images.query)))
    judge.images = replace(images, truth=replace(truth, parts=names))
    unit = np.eye(10, dtype=np.float32)
    vectors = {int(row): unit[images.labels[row]] for row in images.query[3:]}  # three are missing
    scores = judge.scores_of(vectors)
    assert scores == {f"{part} {name}": pytest.approx(1) for part in "ab" for name in ("mAP", "recall@1")}
