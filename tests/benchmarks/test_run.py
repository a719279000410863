"""The runner of all benchmarks: none stops the others, and the table at the end tells of each case."""

import re
import runpy
import sys
from pathlib import Path

import pytest
import run

HERE = Path(run.__file__).parent
LINE = '{"case": "%s", "ours_ms": 2, "peer_ms": 3, "ratio": %s, "low": %s, "high": %s, "at_least": 1, "verdict": "%s"}'
END = '{"verdict": "-", "cases": 1}'


@pytest.fixture
def benchmarks(tmp_path, monkeypatch, capfd):
    """Calls the runner on benchmarks that print these lines and end with these codes; its code and what it printed."""

    def called(scripts: dict[str, tuple[list[str], int]], *flags: str) -> tuple[int, list[str]]:
        for name, (lines, code) in scripts.items():
            (tmp_path / f"{name}.py").write_text("\n".join([*(f"print({line!r})" for line in lines), f"exit({code})"]))
        monkeypatch.setattr(run, "HERE", tmp_path)
        monkeypatch.setattr(run, "NAMES", tuple(scripts))
        monkeypatch.setattr(sys, "argv", ["run.py", *flags])
        with pytest.raises(SystemExit) as left:
            run.main()
        return left.value.code, capfd.readouterr().out.splitlines()

    return called


PASSED = ([LINE % ("first", 1.5, 1.4, 1.6, "passed"), END], 0)
MISSED = (["a word", LINE % ("second", 0.5, 0.4, 0.6, "missed"), END], 1)
NOISY = ([LINE % ("third", 1.01, 0.9, 1.1, "too noisy to say"), END], 0)


def test_a_missed_bar_does_not_stop_the_others(benchmarks):
    code, lines = benchmarks({"a": MISSED, "b": PASSED, "c": NOISY})
    assert code == 1
    table = lines[lines.index("") + 1 :]
    assert [re.split(r"\s{2,}", line) for line in table[:4]] == [
        ["case", "ratio", "interval", "bar", "verdict"],
        ["second", "0.5", "0.400 to 0.600", "at least 1", "missed"],
        ["first", "1.5", "1.400 to 1.600", "at least 1", "passed"],
        ["third", "1.01", "0.900 to 1.100", "at least 1", "too noisy to say"],
    ]
    assert table[5].startswith("3 cases: 1 missed, 1 passed, 1 too noisy to say, in ")


def test_what_they_print_passes_through(benchmarks):
    _, lines = benchmarks({"a": MISSED})
    assert lines[:3] == [*MISSED[0]]


def test_noise_is_no_missed_bar(benchmarks):
    assert benchmarks({"a": PASSED, "b": NOISY})[0] == 0


@pytest.mark.parametrize("code", [0, 1, 3])
def test_one_that_breaks_off_is_told_as_failed_and_the_rest_goes_on(benchmarks, code):
    left, lines = benchmarks({"a": (["half a"], code), "b": PASSED})
    assert left == 1
    assert f"a ended with code {code}" in "\n".join(lines)
    assert "2 cases: 1 failed, 1 passed" in lines[-1]


def test_one_that_does_not_end_is_stopped(tmp_path, capfd):
    script = tmp_path / "endless.py"
    script.write_text("while True: pass")
    assert run.run(script, seconds=0.3) == [{"case": "endless was stopped by signal 9", "verdict": "failed"}]


def test_some_can_be_asked_for(benchmarks):
    code, lines = benchmarks({"a": MISSED, "b": PASSED, "c": NOISY}, "--only=b,c")
    assert code == 0
    assert lines[-1].startswith("2 cases")


def test_a_name_that_is_none_says_which_there_are(benchmarks, capfd, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["run.py", "--only=exact,nonsense"])
    with pytest.raises(SystemExit) as left:
        run.main()
    assert left.value.code == 2
    assert "--only=exact,nonsense: there is no nonsense; there are loss_step, " in capfd.readouterr().err


def test_figures_without_time_stand_in_the_table():
    line = {"case": "gigabytes", "ours": 0.25, "at_most": 1.5, "verdict": "passed"}
    assert run.row(line) == ("gigabytes", "0.25", "", "at most 1.5", "passed")
    assert run.row({"case": "figures", "ours": {"nmi": 1}, "verdict": "passed"}) == ("figures", "", "", "", "passed")


def test_every_benchmark_is_run():
    scripts = {path.stem for path in HERE.glob("*.py") if "__main__" in path.read_text()}
    # With a target of their own, with a table in docs/ or of their own, of many minutes, or over the search page.
    apart = {"beyond_memory", "onnx_equality", "cirtorch_equality", "tune", "elsewhere_overhead", "proposals"}
    apart |= {"serve", "serve_page"}
    assert scripts - {"run", "extract_sides", "extract_network", *apart} == set(run.NAMES)


def test_make_bench_is_the_runner():
    makefile = (HERE.parent / "Makefile").read_text()
    assert re.search(r"^bench: .*\n\t\$\(BENCH\)/bin/python benchmarks/run.py", makefile, re.M)
    assert makefile.count("benchmarks/") == 2


@pytest.mark.parametrize("name", run.NAMES)
def test_every_benchmark_says_what_it_is(name):
    assert (HERE / f"{name}.py").read_text().startswith('"""')


def test_importing_the_runner_runs_nothing(capfd):
    runpy.run_path(str(HERE / "run.py"))
    assert not capfd.readouterr().out
