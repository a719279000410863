"""ONNX files against MXNet, network by network; and that what cannot be written is refused."""

import numpy as np
import onnx
import pytest

from datasets.errors import InputError
from embedding.engine.onnx import run_once
from embedding.graphs.graph import FLOAT
from embedding.mx import gluon, mx, nd
from embedding.network import export, pooling
from embedding.network.instance_head import instance_net
from embedding.network.net import EmbeddingNet, Encoder

DIM = 8


def pixels(count, height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, height, width, 3), np.uint8)


def shaken(net, *, height=64, width=64):
    """``net`` with weights, in which every number that training would change is another one."""
    mx.random.seed(1)
    net.initialize(mx.init.Xavier(rnd_type="gaussian", factor_type="in", magnitude=2))
    net(nd.array(pixels(1, height, width), dtype="uint8")).wait_to_read()
    rng = np.random.default_rng(2)
    for name, parameter in net.collect_params().items():
        if name.endswith(("gamma", "beta", "running_mean", "running_var", "bias", "_p")):
            near = parameter.data().asnumpy()
            parameter.set_data(nd.array(near + 0.3 * rng.random(near.shape)))
    return net


def assert_same(net, sizes, counts=(1, 2, 5)):
    file = export.model(net).SerializeToString()
    for height, width in sizes:
        for count in counts:
            images = pixels(count, height, width, seed=count)
            expected = net(nd.array(images, dtype="uint8")).asnumpy()
            found = run_once(file, images)
            assert found.shape == expected.shape and found.dtype == np.float32
            assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("model", ["convnet", "resnet18_v1b", "mobilenetv2_1.0", "googlenet"])
def test_a_trunk_gives_what_mxnet_gives_for_any_batch_and_size(model):
    net = shaken(EmbeddingNet(model=model, dim=DIM, pool="gem"))
    assert_same(net, [(64, 64)])
    assert_same(net, [(96, 80)], counts=(2,))


@pytest.mark.parametrize("pool", pooling.names())
@pytest.mark.parametrize("unit_rows", [True, False])
def test_every_pooling_and_head(pool, unit_rows):
    net = shaken(EmbeddingNet(model="convnet", dim=DIM, pool=pool, unit_rows=unit_rows))
    assert_same(net, [(64, 64), (45, 61)])  # the second has a feature map of 5 x 7, whose quarters share places


@pytest.mark.parametrize(
    "how", [{"pool": "gem"}, {"pool": "netvlad", "local_whitening": True}, {"pool": "crow", "dim": 9}]
)
def test_networks_of_instance_retrieval_take_bytes_or_numbers_of_any_size(how):
    """Pictures that were made smaller have pixels between two bytes."""
    net = shaken(instance_net("convnet", **how, whitening="dim" in how))
    assert_same(net, [(64, 64), (45, 61)], counts=(2,))
    model = export.model(net, given=("images", FLOAT, ("N", "H", "W", 3)))
    assert model.graph.input[0].type.tensor_type.elem_type == FLOAT
    file = model.SerializeToString()
    for size in ((64, 64), (45, 61)):
        images = pixels(2, *size) + np.float32(0.25)
        expected = net(nd.array(images)).asnumpy()
        assert np.abs(run_once(file, images) - expected).max() < 1e-4 * np.abs(expected).max()


OVER_REGIONS = [{"pool": "rmac"}, *({"pool": name, "regional": True} for name in ("gem", "gem-channels", "max", "avg"))]


@pytest.mark.parametrize("how", OVER_REGIONS)
def test_regions_of_maps_of_any_size(how):
    """Of 1 x 1 places, long ones, ties (5 x 9) and squares; convnet has an eighth of the pixels of a side."""
    net = shaken(instance_net("convnet", **how, whitening=True, dim=6))
    sizes = [(8, 8), (45, 61), (40, 72), (88, 376), (64, 8)]
    assert_same(net, sizes, counts=(2,))


def test_regions_of_what_has_no_form_in_onnx_say_what_computes_them():
    net = shaken(instance_net("convnet", "crow", regional=True))
    with pytest.raises(InputError, match="--engine=mxnet computes it"):
        export.model(net)


def test_a_bare_trunk_is_one_too():
    assert_same(shaken(Encoder(model="strided_convnet", pool="avg")), [(64, 64)])


def test_frozen_batch_norms_and_compiled_networks_are_written_too():
    from embedding.network.backbone import freeze_batch_norm

    net = EmbeddingNet(model="convnet", dim=DIM)
    freeze_batch_norm(net.encoder.trunk)
    net = shaken(net)
    net.hybridize(static_alloc=True, static_shape=True)
    assert_same(net, [(32, 32)])


class Six(gluon.HybridBlock):
    """The means of 6 x 6 parts, as AlexNet has them."""

    def hybrid_forward(self, F, images):
        return F.reshape(F.contrib.AdaptiveAvgPooling2D(F.cast(images, "float32"), output_size=6), shape=(0, -1))


@pytest.mark.parametrize("side", [6, 7, 11, 13])
def test_adaptive_means_of_a_map_that_six_does_not_divide(side):
    assert_same(Six(), [(side, side + 5)], counts=(2,))


def test_the_graph_is_the_one_that_runs_fast():
    """A convolution takes a ReLU6 in only as one Clip; images are turned while they are bytes."""
    nodes = export.model(shaken(Encoder(model="mobilenetv2_1.0"))).graph.node
    kinds = [node.op_type for node in nodes]
    assert kinds[:4] == ["Transpose", "Cast", "Sub", "Mul"] and kinds.count("Clip") == 35
    assert not {"Relu", "Min", "Dropout", "Identity", "Div"} & set(kinds) and kinds.count("Transpose") == 1


def test_a_model_names_its_open_sides_and_has_no_input_but_images():
    model = export.model(shaken(EmbeddingNet(model="convnet", dim=DIM)), dim="8", title="a title")
    (images,) = model.graph.input
    assert [side.dim_param or side.dim_value for side in images.type.tensor_type.shape.dim] == ["N", "H", "W", 3]
    assert {prop.key: prop.value for prop in model.metadata_props} == {"dim": "8", "title": "a title"}
    onnx.checker.check_model(model, full_check=True)


class Odd(gluon.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.sign(x)


class OddReshape(gluon.HybridBlock):
    def hybrid_forward(self, F, x):
        return F.reshape(x, shape=(-3, 0))


@pytest.mark.parametrize("block", [Odd, OddReshape])
def test_what_has_no_form_in_onnx_is_refused_and_not_written_wrongly(block):
    with pytest.raises(NotImplementedError, match="has no form in ONNX here"):
        export.model(block(), given=("x", FLOAT, ("N", 4, 4)))


class Numbers(gluon.HybridBlock):
    """Every operator with a number, in a row that depends on their order."""

    def hybrid_forward(self, F, x):
        x = F.broadcast_add(2 / (x + 1), 3 - x) * 0.5 - 1
        return F.clip(F.maximum((x / 3) ** 2, 0.1), 0.2, 9) + F.minimum(F.slice_axis(x, axis=1, begin=1, end=None), 2)


def test_numbers_keep_their_side_of_an_operator():
    """MXNet's own exporter turns 1 / x of a parameter into something else."""
    rows = np.random.default_rng(0).random((3, 1)).astype(np.float32) * np.ones((3, 2), np.float32)
    block = Numbers()
    found = run_once(export.model(block, given=("x", FLOAT, ("N", 2))).SerializeToString(), rows)
    np.testing.assert_allclose(found, block(nd.array(rows)).asnumpy(), rtol=1e-5)
