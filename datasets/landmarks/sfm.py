"""SfM: pictures of the 3D models of retrieval-SfM, with pairs that show the same place (Radenovic et al. 2018)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from datasets.errors import InputError
from datasets.files import plain_pickle
from datasets.images.base import ImageSet
from datasets.images.truth import Truth, positions
from datasets.lists import reading

TUPLES, WHITEN = SPLITS = ("tuples", "whiten")
PICTURES = "ims"
OLD = "retrieval-SfM-120k"  # whose pictures the smaller set uses
SOURCE = "its pictures (ims.tar.gz) and lists (.pkl) come from http://cmp.felk.cvut.cz/cnnimageretrieval/data/train"
_FOLDED = 6  # letters of an id that name its folders


@dataclass(frozen=True)
class _Part:
    """Ids of M pictures, the model that each belongs to, and pairs (P, 2) of them: a query and a positive."""

    ids: Sequence[str]
    models: Sequence[str]
    pairs: np.ndarray


def load(root: str | Path | None, *, name: str, title: str, boxes: bool, split: str) -> ImageSet:
    """The set whose lists are ``<title>.pkl`` or ``<title>-whiten.pkl``.

    They lie in ``root``, or in ``train/<title>``, ``train/dbs``, ``<title>``, ``dbs`` or ``<name>`` within it; the
    picture of an id in ``ims/<its last two letters>/<the two before>/<the two before>/<id>`` there, beside that
    folder, or in retrieval-SfM-120k beside it.

    split : "tuples": the pictures of the list's ``train`` train, with its pairs as matches; those of its ``val`` ask
        each other, of which pictures of the same model that no pair has are junk. "whiten": all pictures of the other
        list train, with its pairs, and nothing is judged
    Raises InputError naming the file, or pictures that are missing.
    """
    if boxes:
        raise InputError(f"dataset {name} has no boxes: do not ask for crops to boxes")
    if split not in SPLITS:
        raise InputError(f"--split={split}: {name} has the splits {', '.join(SPLITS)}")
    file = _file(root, name, f"{title}-whiten.pkl" if split == WHITEN else f"{title}.pkl", title)
    content, pictures = plain_pickle.read(file), _pictures(file.parent)
    if split == WHITEN:
        train, val = _part(f"{file}", content), None
    else:
        train, val = (_part(f"{file}: {part}", _field(f"{file}", content, part, dict)) for part in ("train", "val"))
    return _image_set(name if split == TUPLES else f"{name}-whiten", pictures, train, val)


def _file(root: str | Path | None, name: str, file: str, title: str) -> Path:
    if root is None:
        raise InputError(f"dataset {name} needs its folder: name the folder that holds {file}; {SOURCE}")
    places = [Path(root, inner, file) for inner in ("", title, f"train/{title}", "dbs", "train/dbs", name)]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        raise InputError(f"{root} has no {file}, and no train/{title} or train/dbs with it: name its folder; {SOURCE}")
    return found


def _pictures(folder: Path) -> Path:
    """The folder of the pictures."""
    places = (folder, folder.parent, folder.parent / OLD)
    found = next((place / PICTURES for place in places if (place / PICTURES).is_dir()), None)
    if found is None:
        raise InputError(f"{folder / PICTURES} is missing: unpack ims.tar.gz there; {SOURCE}")
    return found


def _field(where: str, content: object, key: str, kind: type | tuple[type, ...] = (list, tuple)) -> Sequence | dict:
    found = content.get(key) if isinstance(content, dict) else None
    if not isinstance(found, kind):
        raise InputError(f"{where}: has no {key}: it is no list of retrieval-SfM, fetch it again")
    return found


def _part(where: str, content: object) -> _Part:
    ids, first, second = (_field(where, content, key) for key in ("cids", "qidxs", "pidxs"))
    wrong = [name for name in ids if not isinstance(name, str) or len(name) < _FOLDED or "/" in name]
    if wrong:
        raise InputError(f"{where}: {wrong[0]!r} is no id of a picture")
    if len(first) != len(second):
        raise InputError(f"{where}: has {len(first):,} qidxs, but {len(second):,} pidxs")
    wrong = [row for row in (*first, *second) if type(row) is not int or not 0 <= row < len(ids)]
    if wrong:
        raise InputError(f"{where}: a pair names picture {wrong[0]!r} of {len(ids):,}")
    pairs = np.array([first, second], dtype=np.int64).reshape(2, -1).T
    return _Part(ids, _models(where, content, len(ids), pairs), pairs)


def _models(where: str, content: dict, count: int, pairs: np.ndarray) -> list[str]:
    """The model of each picture; without ``cluster``, which lists for whitening may lack, what pairs hold together."""
    if "cluster" not in content:
        joined = coo_matrix((np.ones(len(pairs)), pairs.T), shape=(count, count))
        return [str(number) for number in connected_components(joined, directed=False)[1]]
    found = _field(where, content, "cluster")
    if len(found) != count or not all(type(number) is int for number in found):
        raise InputError(f"{where}: its cluster is no list of {count:,} numbers, one for each of cids")
    return [str(number) for number in found]


def _image_set(name: str, pictures: Path, train: _Part, val: _Part | None) -> ImageSet:
    ids = [*train.ids, *(val.ids if val else ())]
    images = [f"{pictures}/{cid[-2:]}/{cid[-4:-2]}/{cid[-6:-4]}/{cid}" for cid in ids]
    reading.check_present(images)
    labels, class_names = reading.classes([*train.models, *(f"val {model}" for model in (val.models if val else ()))])
    asks = np.unique(val.pairs[:, 0]) if val else np.arange(0)
    return ImageSet(
        name=name,
        images=images,
        labels=labels,
        class_names=class_names,
        train=np.arange(len(train.ids)),
        query=len(train.ids) + asks,
        gallery=np.arange(len(train.ids), len(images)),
        truth=_truth(val, asks) if val else None,
        matches=train.pairs,
    ).check()


def _truth(val: _Part, asks: np.ndarray) -> Truth:
    """What the pictures that ask are to find: their positives; all else of their model, themselves too, is junk."""
    right, of_model = defaultdict(set), defaultdict(set)
    for first, second in val.pairs.tolist():
        right[first].add(second)
    for place, model in enumerate(val.models):
        of_model[model].add(place)
    easy = [sorted(right[row] - {row}) for row in asks.tolist()]
    junk = [
        sorted((of_model[val.models[row]] | {row}) - set(rows)) for row, rows in zip(asks.tolist(), easy, strict=True)
    ]
    return Truth("instances", positions(easy), positions([()] * len(easy)), positions(junk))
