"""The command that makes an environment says in one line what it cannot do."""

import pytest

from ann_bench.environments import __main__ as command
from ann_bench.environments.environment import Environment


def test_every_environment_has_its_versions_pinned():
    for name in ("scann", "vearch"):
        lines = [line for line in Environment(name).wanted.read_text().splitlines() if not line.startswith("#")]
        assert any(line.startswith(f"{name}==") for line in lines) and all("==" in line for line in lines)


@pytest.mark.parametrize("words, said", [([], "say which: scann, vearch"), (["scan"], "did you mean scann")])
def test_what_it_does_not_know_is_one_line(words, said, capsys):
    with pytest.raises(SystemExit) as end:
        command.main(words)
    assert end.value.code == 2 and said in capsys.readouterr().err


def test_where_pip_fails_it_is_one_line(tmp_path, monkeypatch, capfd):
    """A Python that is no Python stands for whatever may go wrong."""
    monkeypatch.setenv("ANN_BENCH_SCANN", str(tmp_path))
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\nexit 3\n")
    python.chmod(0o755)
    with pytest.raises(SystemExit) as end:
        command.main(["scann"])
    assert end.value.code == 2 and f"error: {tmp_path}: pip could not install scann" in capfd.readouterr().err
