"""The network of instance retrieval: whitening that begins as none and is settled, trunks to their last convolution."""

import numpy as np
import pytest

from datasets.errors import InputError
from embedding.mx import mx, nd
from embedding.network.instance_head import InstanceHead, exponent, instance_net, power
from embedding.network.net import EmbeddingNet, see_blank


def pictures(count=3, size=(48, 64)):
    return nd.array(np.random.default_rng(0).integers(0, 256, (count, *size, 3)), dtype="uint8")


def ready(*args, **how):
    net = instance_net(*args, **how)
    net.initialize(mx.init.Xavier())
    see_blank(net, (48, 64), [mx.cpu()], flag="--image-size")
    return net


@pytest.mark.parametrize(
    "pool, how, dim",
    [
        ("gem", {}, 128),
        ("netvlad", {}, 64 * 128),
        ("gem", {"whitening": True}, 128),
        ("mac", {"whitening": True, "dim": 20, "regional": True}, 20),
        ("gemmp", {"local_whitening": True}, 128),
    ],
)
def test_rows_of_unit_length_of_any_size_of_picture(pool, how, dim):
    net = ready("convnet", pool, **how)
    for size in ((48, 64), (33, 70)):
        rows = net(pictures(size=size)).asnumpy()
        assert rows.shape == (3, dim)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("part", ["whitening", "local_whitening"])
def test_a_whitening_begins_as_none(part):
    plain, whitened = ready("convnet", "gem"), ready("convnet", "gem", **{part: True})
    for name in ("trunk", "pool"):
        ours, theirs = (getattr(net.encoder, name).collect_params().values() for net in (whitened, plain))
        for one, other in zip(ours, theirs, strict=True):
            one.set_data(other.data())
    np.testing.assert_allclose(whitened(pictures()).asnumpy(), plain(pictures()).asnumpy(), atol=1e-6)


def test_a_whitening_to_fewer_numbers_begins_as_a_random_projection():
    weight = ready("convnet", "gem", whitening=True, dim=30).head.whiten.weight.data().asnumpy()
    np.testing.assert_allclose(np.linalg.norm(weight, axis=1), 1, rtol=1e-5)
    assert np.abs(weight @ weight.T - np.eye(30)).max() < 0.5


def test_netvlad_is_whitened_to_4096_and_not_of_regions():
    assert instance_net("convnet", "netvlad", whitening=True).head.whiten.weight.shape == (4096, 0)
    with pytest.raises(InputError, match="--regional: netvlad is of whole pictures"):
        instance_net("convnet", "netvlad", regional=True)


def test_a_head_is_settled_by_mean_and_projection():
    rng = np.random.default_rng(0)
    features, mean, projection = rng.normal(size=(4, 6)), rng.normal(size=(6, 1)), rng.normal(size=(6, 6))
    head = InstanceHead(5)
    head.initialize()
    head(nd.zeros((1, 6)))
    head.settle(mean, projection)
    expected = (features / np.linalg.norm(features, axis=1, keepdims=True) - mean[:, 0]) @ projection[:5].T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(head(nd.array(features)).asnumpy(), expected, atol=1e-5)


@pytest.mark.parametrize("mean, projection", [((7,), (6, 7)), ((6,), (4, 6)), ((5,), (6, 6))])
def test_a_whitening_of_other_dimensions_is_refused(mean, projection):
    head = InstanceHead(5)
    head.initialize()
    head(nd.zeros((1, 6)))
    with pytest.raises(InputError, match="does not fit a network that whitens 6 to 5"):
        head.settle(np.zeros(mean), np.zeros(projection))


def test_the_power_mean_over_scales_is_that_of_one_bare_exponent():
    net = ready("convnet", "gem")
    exponent(net).set_data(nd.array([2.5]))
    assert power(net) == 2.5
    for pool, how in (("gem", {"whitening": True}), ("gem", {"regional": True}), ("gemmp", {}), ("mac", {})):
        assert power(ready("convnet", pool, **how)) == 1.0
    assert exponent(ready("convnet", "gem", regional=True)).shape == (1,) and exponent(ready("convnet", "mac")) is None


@pytest.mark.parametrize("model, channels, places", [("vgg16", 512, 4), ("alexnet", 256, 3), ("resnet18", 512, 2)])
def test_trunks_end_with_their_last_convolution(model, channels, places):
    trunk = instance_net(model, "mac").encoder.trunk
    (shape,) = trunk(mx.sym.var("x")).infer_shape(x=(1, 3, 64, 64))[1]
    assert shape == (1, channels, places, places) and trunk.channels == channels
    others = {"vgg16": (512, 2), "alexnet": (4096, 1), "resnet18": (512, 2)}[model]
    (shape,) = EmbeddingNet(model=model, dim=2).encoder.trunk(mx.sym.var("x")).infer_shape(x=(1, 3, 64, 64))[1]
    assert shape == (1, others[0], others[1], others[1])


@pytest.mark.parametrize(
    "model, pool, line", [("resnet5", "gem", "did you mean"), ("convnet", "gen", "did you mean gem")]
)
def test_unknown_names(model, pool, line):
    with pytest.raises(InputError, match=line):
        instance_net(model, pool)


def test_numbers_do_as_well_as_bytes():
    """Pictures that were made smaller have pixels between two bytes."""
    net = ready("convnet", "gem")
    between = pictures().astype("float32") + 0.25
    assert np.abs((net(between) - net(pictures())).asnumpy()).max() > 1e-5
    np.testing.assert_allclose(net(pictures().astype("float32")).asnumpy(), net(pictures()).asnumpy(), atol=1e-6)
