"""The walls: imports go down, from package to package and from room to room; no circles; no file too long.

A room is a folder. Files at a package's root are rooms of their own, and so is the ground of a plug-in folder, its
``base``: the plug-ins and what they are made with stand on it.
"""

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

PACKAGES = {
    "datasets": set(),
    "embedding": {"datasets"},
    "ann_bench": {"datasets"},
    "hashing": {"embedding", "datasets"},
    "vse": {"embedding", "datasets"},
    "web": {"embedding", "hashing", "vse", "ann_bench", "datasets"},
    "scripts": {"embedding", "hashing", "vse", "ann_bench", "datasets"},
}

# Of each package, from the top floor down: room -> the rooms of the same package that it may import.
ROOMS = {
    "datasets": {
        "sources": "stored vectors vectors.base images images.base attributes runbooks files errors",
        "truths": "stored cluster attributes runbooks vectors.base files compiled threads errors",
        "runbooks": "vectors.base files errors",
        "vectors": "stored vectors.base files plugins errors",
        "pairs": "captions lists drawing words files pairs.base captions.base images.base plugins errors",
        "pairs.base": "images.base errors",
        "captions": "lists drawing stored captions.base images.base plugins errors",
        "stored": "cluster vectors.base images.base files threads errors",
        "images": "lists drawing images.base files plugins errors",
        "attributes": "lists files errors",
        "lists": "pairs.base captions.base images.base decoding files errors",
        "drawing": "",
        "vectors.base": "images.base errors",
        "captions.base": "images.base errors",
        "images.base": "decoding files errors",
        "decoding": "errors",
        "words": "errors",
        "files": "decoding errors",
        "cluster": "errors",
        "command": "errors",
        "plugins": "errors",
        "compiled": "",
        "threads": "",
        "relevance": "",
        "errors": "",
    },
    "embedding": {
        "compare": "train options evaluation training",
        "train": "session build options report evaluation training losses losses.base batches mx",
        "session": "build options training",
        "instances": "session recipes search serving build options report reranking evaluation extraction training"
        " network engine losses losses.base mining batches mx",
        "sketches": "session search serving build options evaluation training network engine losses losses.base mining"
        " batches mx",
        "search": "report reranking evaluation extraction engine batches",
        "serving": "build options evaluation network engine batches mx",
        "build": "options evaluation training network losses.base batches mx",
        "recipes": "options",
        "options": "network batches",
        "categories": "report evaluation",
        "duplicates": "report",
        "report": "reranking evaluation training",
        "reranking": "evaluation batches",
        "evaluation": "training extraction engine network batches mx",
        "training": "losses.base batches mx",
        "extraction": "engine batches",
        "network": "graphs engine batches mx",
        "engine": "batches mx",
        "graphs": "",
        "losses": "losses.base mining mx",
        "losses.base": "mx",
        "mining": "mx",
        "batches": "mx",
        "mx": "",
    },
    "hashing": {
        "cross": "compare evaluation report options net baselines codes",
        "compare": "train options baselines",
        "serving": "build cross",
        "train": "build report options",
        "build": "evaluation options net losses losses.base",
        "recipes": "options",
        "sketches": "cross evaluation net baselines codes",
        "report": "evaluation codes",
        "evaluation": "options baselines codes",
        "options": "losses codes",
        "losses": "losses.base mining",
        "losses.base": "mining",
        "mining": "",
        "net": "",
        "baselines": "",
        "codes": "",
    },
    "vse": {
        "compare": "train options losses",
        "serving": "build search network losses padding",
        "train": "build report search network options",
        "build": "evaluation network batches options losses losses.base",
        "recipes": "options",
        "report": "search evaluation",
        "search": "evaluation network",
        "evaluation": "network",
        "network": "batches options padding",
        "batches": "padding",
        "padding": "",
        "options": "losses",
        "losses": "losses.base mining",
        "losses.base": "",
        "mining": "",
    },
    "ann_bench": {
        "__main__": "commands start",
        "commands": "tuning views scale sweep options",
        "tuning": "views scale sweep tracks tracks.base options measuring drawing results indexes indexes.base limits"
        " units",
        "views": "sweep tracks drawing results indexes units",
        "scale": "sweep options results indexes limits units",
        "sweep": "options tracks tracks.base measuring results indexes indexes.base limits units",
        "options": "tracks.base results limits units",
        "tracks": "tracks.base filters streams ranges clients drawing measuring results indexes indexes.base units",
        "filters": "tracks.base drawing measuring results indexes.base limits units",
        "streams": "tracks.base drawing measuring results indexes.base limits units",
        "ranges": "tracks.base drawing measuring results indexes.base limits units",
        "clients": "tracks.base drawing measuring results indexes indexes.base limits units",
        "tracks.base": "results indexes.base",
        "measuring": "indexes.base limits units",
        "drawing": "results units",
        "results": "factory indexes.base",
        "indexes": "environments factory indexes.base",
        "environments": "measuring indexes.base",
        "factory": "indexes.base",
        "indexes.base": "",
        "start": "",
        "limits": "units",
        "units": "",
    },
    "web": {
        "manage": "",
        "wsgi": "",
        "urls": "",
        "settings": "environment",
        "environment": "",
        "unchanged": "",
        "api": "grow annotate search galleries accounts safety serving pages",
        "grow": "annotate search galleries accounts safety serving pages",
        "annotate": "search galleries accounts safety serving pages",
        "search": "galleries accounts safety serving pages",
        "galleries": "accounts safety serving pages unchanged",
        "accounts": "safety pages unchanged",
        "safety": "pages",
        "serving": "",
        "pages": "",
    },
}

# What a plug-in folder stands on, besides its base.
GROUND = {"base", "pixels", "skipped", "truth", "parts", "embeddings", "exact", "metric_names", "rows"}
GROWING = {"losses", "indexes", "tracks", "images", "captions", "pairs", "vectors"}  # plug-in folders: a file a plug-in
MOST_FILES = 13  # of any other room
MOST_AT_ROOT = 8

# Migrations are written by Django.
FILES = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if path.parent.name != "migrations"
)


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


SOURCES = {module_of(path): path.read_text() for path in FILES}


@functools.cache
def import_statements(source: str) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]


def imported(source: str) -> set[str]:
    """Every module, or name of a module, that an import statement anywhere in a source names."""
    found = set()
    for node in import_statements(source):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports name their package"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def targets(source: str, modules: set[str]) -> set[str]:
    """The ``modules`` that a source imports; a package only where one of its own names is imported."""
    found = set()
    for node in import_statements(source):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            full = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= full & modules | ({node.module} if full - modules else set())
    return found & modules


def room_of(module: str) -> str:
    """The room of a module, "" for a package itself: "training" of embedding.training.fit."""
    _, room, *file = [*module.split("."), ""][: module.count(".") + 2]
    if room in GROWING and file and file[0] in GROUND:
        return f"{room}.base"
    return room


def wrong_looks(sources: dict[str, str]) -> list[str]:
    """The imports, among modules with their sources, that look into a room or a package that they may not."""
    found, modules = [], set(sources)
    for module, source in sources.items():
        package, room = module.split(".")[0], room_of(module)
        for target in sorted(targets(source, modules) - {module}):
            its_package, its_room = target.split(".")[0], room_of(target)
            if its_package != package:
                allowed = its_package in PACKAGES[package]
            elif package not in ROOMS or not its_room or its_room == room:
                allowed = True
            else:
                allowed = its_room in ROOMS[package].get(room, "").split()
            found += [] if allowed else [f"{module} imports {target}"]
    return found


def homeless(modules: set[str]) -> list[str]:
    """The modules that stand in no room of the table."""
    return sorted(
        module
        for module in modules
        if module.split(".")[0] in ROOMS and room_of(module) and room_of(module) not in ROOMS[module.split(".")[0]]
    )


def circle(arrows: dict[str, set[str]]) -> dict[str, set[str]]:
    """What is left of a graph when all that leads out of it is taken away: its circles, and what leads to them."""
    left = dict(arrows)
    while free := [name for name, ends in left.items() if not ends & set(left)]:
        for name in free:
            del left[name]
    return left


def imports_of(path: Path) -> set[str]:
    return imported(SOURCES[module_of(path)])


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_check():
    assert len(FILES) > 20


def test_imports_are_found_wherever_they_stand():
    source = "import a.b\nfrom c import d\ndef f():\n    import e\nif x:\n    from g.h import i as j"
    assert imported(source) == {"a.b", "c", "c.d", "e", "g.h", "g.h.i"}


def test_imports_only_go_down():
    assert wrong_looks(SOURCES) == []


def test_every_file_has_a_room():
    assert homeless(set(SOURCES)) == []


@pytest.mark.parametrize(
    "planted, source, complaint",
    [
        (
            "embedding.network.upward",
            "from embedding.training import fit",
            "embedding.network.upward imports embedding.training.fit",
        ),
        (
            "embedding.losses.base",
            "def f():\n    from embedding.losses.margin import Loss",
            "embedding.losses.base imports embedding.losses.margin",
        ),
        ("embedding.mx", "import embedding.options", "embedding.mx imports embedding.options"),
        ("hashing.net", "from vse.network.gru import GRU", "hashing.net imports vse.network.gru"),
        ("datasets.errors", "import embedding.mx", "datasets.errors imports embedding.mx"),
        (
            "ann_bench.results.peek",
            "from ann_bench.sweep.sweep import run",
            "ann_bench.results.peek imports ann_bench.sweep.sweep",
        ),
    ],
)
def test_a_file_that_looks_up_is_found(planted, source, complaint):
    assert wrong_looks({**SOURCES, planted: source}) == [complaint]


@pytest.mark.parametrize("planted", ["embedding.attic.fit", "vse.helpers", "ann_bench.cellar.rows"])
def test_a_file_without_a_room_is_found(planted):
    assert homeless({*SOURCES, planted}) == [planted]


def test_the_table_of_rooms_has_no_circle_and_no_room_that_is_not_there():
    for package, rooms in ROOMS.items():
        assert not circle({room: set(below.split()) for room, below in rooms.items()}), package
        assert set(rooms) == {room_of(module) for module in SOURCES if module.split(".")[0] == package} - {""}, package
        assert all(set(below.split()) <= set(rooms) for below in rooms.values()), package


def test_rooms_are_small():
    for folder in {path.parent for path in FILES if path.parent.parent != ROOT}:
        if folder.name not in GROWING:
            assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MOST_FILES, folder


def test_roots_are_small():
    for package in ROOMS:
        assert len(list((ROOT / package).glob("*.py"))) <= MOST_AT_ROOT + (package == "hashing"), package


def test_no_circle_of_files():
    arrows = {name: imports_of(path) & set(SOURCES) - {name} for name, path in zip(SOURCES, FILES, strict=True)}
    # Importing a module runs its package's __init__ first, which must therefore import nothing of its own plug-ins.
    assert not circle(arrows)


def test_only_the_door_imports_mxnet():
    users = {name_of(path) for path in FILES if {n.split(".")[0] for n in imports_of(path)} & {"mxnet", "gluoncv"}}
    assert users == {"embedding/mx.py"}


def test_ann_bench_and_datasets_run_without_mxnet():
    for path in FILES:
        if path.relative_to(ROOT).parts[0] in ("datasets", "ann_bench"):
            assert "embedding" not in {name.split(".")[0] for name in imports_of(path)}, path


def test_one_training_loop():
    steps = re.compile(r"\bautograd\.(record|backward)\b|\.backward\(")
    assert {name_of(path) for path in FILES if steps.search(path.read_text())} == {"embedding/training/fit.py"}


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_files_are_short_and_say_what_they_are(path):
    assert ast.get_docstring(ast.parse(path.read_text()))
    assert len(path.read_text().splitlines()) <= 250


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_functions_are_short(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 50, node.name
