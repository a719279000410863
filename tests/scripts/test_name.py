"""--name of every command that has it: a folder in --runs, never one elsewhere."""

import pytest

TAKING_A_NAME = (
    "train_margin",
    "train_npair",
    "train_pair",
    "train_softmax",
    "train_triplet",
    "train_hash",
    "train_vse",
    "train_instance",
    "train_sketch",
)


@pytest.mark.parametrize(
    "command", [*TAKING_A_NAME, "compare_losses", "compare_hashes", "compare_vse", "compare_sketch"]
)
def test_a_name_that_leads_elsewhere_is_one_line(run, tmp_path, command):
    data = {"vse": "scenes", "sketch": "outlines"}.get(command.partition("_")[2], "digits")
    done = run(f"{command}.py", f"--data={data}", "--name=../../x", f"--runs={tmp_path / 'a' / 'runs'}", "--epochs=1")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("error: --name=../../x: must be the name of one folder")
    assert not list(tmp_path.iterdir())


def test_a_path_as_the_vse_reference_has_it_is_taken(run, tmp_path):
    done = run("train_vse.py", f"--logger_name={tmp_path}/../x", f"--runs={tmp_path}")
    assert (done.returncode, done.stderr.split(":")[1]) == (2, " --name=../x")
