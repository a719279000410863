"""The walls: imports go down, no circles, MXNet behind one door, one training loop, no file too long."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "datasets": set(),
    "embedding": {"datasets"},
    "ann_bench": {"datasets"},
    "hashing": {"embedding", "datasets"},
    "vse": {"embedding", "datasets"},
    "web": {"embedding", "hashing", "vse", "ann_bench", "datasets"},
    "scripts": {"embedding", "hashing", "vse", "ann_bench", "datasets"},
}
FILES = sorted(path for package in MAY_IMPORT for path in (ROOT / package).rglob("*.py"))
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}


def imported(tree: ast.AST) -> set[str]:
    """Every module, or name of a module, that an import statement anywhere in ``tree`` names."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports name their package"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imports_of(path: Path) -> set[str]:
    return imported(ast.parse(path.read_text()))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_check():
    assert len(FILES) > 20


def test_imports_are_found_wherever_they_stand():
    source = "import a.b\nfrom c import d\ndef f():\n    import e\nif x:\n    from g.h import i as j"
    assert imported(ast.parse(source)) == {"a.b", "c", "c.d", "e", "g.h", "g.h.i"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_only_go_down(path):
    package = path.relative_to(ROOT).parts[0]
    ours = {name.split(".")[0] for name in imports_of(path)} & set(MAY_IMPORT)
    assert ours <= MAY_IMPORT[package] | {package}


def test_no_circle_of_files():
    arrows = {name: imports_of(path) & set(MODULES) - {name} for name, path in MODULES.items()}
    # Importing a module runs its package's __init__ first, which must therefore import nothing of its own plug-ins.
    left = dict(arrows)
    while free := [name for name, targets in left.items() if not targets & set(left)]:
        for name in free:
            del left[name]
    assert not left


def test_only_the_door_imports_mxnet():
    users = {name_of(path) for path in FILES if {n.split(".")[0] for n in imports_of(path)} & {"mxnet", "gluoncv"}}
    assert users == {"embedding/mx.py"}


def test_ann_bench_and_datasets_run_without_mxnet():
    for path in FILES:
        if path.relative_to(ROOT).parts[0] in ("datasets", "ann_bench"):
            assert "embedding" not in {name.split(".")[0] for name in imports_of(path)}, path


def test_one_training_loop():
    steps = re.compile(r"\bautograd\.(record|backward)\b|\.backward\(")
    assert {name_of(path) for path in FILES if steps.search(path.read_text())} == {"embedding/fit.py"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_are_short_and_say_what_they_are(path):
    assert ast.get_docstring(ast.parse(path.read_text()))
    assert len(path.read_text().splitlines()) <= 250


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_functions_are_short(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 50, node.name
