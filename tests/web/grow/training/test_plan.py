"""The command that trains again."""

import ast
import shlex
from pathlib import Path

import pytest

from datasets.errors import InputError
from web.grow.training import plan
from web.grow.training.plan import Wish
from web.serving.network import Spec

LABELS, RUN = Path("/data/training 1/labels.csv"), Path("/data/training 1/photos-1")


def words(spec, wish=None, *, validation=True):
    return plan.plan(spec, wish or Wish(), labels=LABELS, run=RUN, validation=validation).words


def test_what_is_kept_is_what_the_commands_take_anyway():
    """The defaults, read from the options themselves without loading MXNet."""
    tree = ast.parse((Path(plan.__file__).parents[3] / "embedding/options.py").read_text())
    fields = {
        line.target.id: ast.literal_eval(line.value)
        for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "TrainOptions"
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name) and line.target.id in plan.KEPT
    }  # fmt: skip
    assert fields == dict(plan.KEPT)


def test_a_run_is_trained_like_it_was(run_folder):
    options = {"model": "convnet", "image_size": "32", "test_size": "32", "lr": 1e-3, "flip": False, "embed_dim": 64}
    found = words(Spec("run", path=str(run_folder(**options))), Wish("triplet", 7))
    assert found[0] == "scripts/train_triplet.py"
    assert {"--model=convnet", "--image-size=32", "--lr=0.001", "--no-flip", "--embed-dim=64", "--epochs=7"} < set(
        found
    )
    assert not [word for word in found if word.startswith(("--test-size", "--validation", "--pool"))]


def test_the_command_is_quoted_for_a_shell():
    typed = shlex.join(["python", *words(Spec("trunk", model="", use_pretrained="efficientnet_lite0"))])
    assert "'--data-path=/data/training 1/labels.csv'" in typed
    assert shlex.split(typed)[1] == "scripts/train_margin.py" and "--cache-features" in typed


def test_few_classes_are_all_trained_on(run_folder):
    assert "--validation=0" in words(Spec("run", path=str(run_folder())), validation=False)


def test_codes_stay_codes_and_instances_stay_instances(run_folder):
    codes = words(Spec("run", path=str(run_folder("codes", bits=32, method="dch", model="convnet", flip=False))))
    assert codes[0] == "scripts/train_hash.py" and {"--bits=32", "--method=dch"} < set(codes)
    things = words(Spec("run", path=str(run_folder("things", neg_num=5, pool="gem", model="resnet50_v1b"))))
    assert things[0] == "scripts/train_instance.py" and {"--pool=gem", "--model=resnet50_v1b"} < set(things)


def test_of_captions_and_of_onnx_files_it_is_told_that_the_network_will_be_another(run_folder):
    found = plan.plan(
        Spec("run", path=str(run_folder("words", word_dim=64, model="mobilenet_v2", use_pretrained="m.pth"))),
        Wish(), labels=LABELS, run=RUN, validation=True,
    )  # fmt: skip
    assert "no sentences" in found.note and "--use-pretrained=m.pth" in found.words
    found = plan.plan(Spec("onnx", path="clip.onnx"), Wish(), labels=LABELS, run=RUN, validation=True)
    assert "cannot be trained" in found.note and "--use-pretrained=efficientnet_lite0" in found.words


def test_a_run_that_is_gone_is_told(tmp_path):
    with pytest.raises(InputError, match="is no run folder"):
        words(Spec("run", path=str(tmp_path / "gone")))


@pytest.mark.parametrize("wish", [("none", 1), ("margin", 0), ("margin", 1001)])
def test_a_wish_that_is_none(wish):
    with pytest.raises(InputError):
        Wish(*wish)
