"""Wiki, 2,866 pairs of Wikipedia's featured articles in 10 categories, as features (Rasiwasia et al., ACM MM 2010).

The test pairs ask and the train pairs answer, as papers on cross-modal hashing have it. Pictures are histograms of 128
SIFT words. Texts are tf-idf of 1,000 words, or the ten topics of a topic model: ``topics``.
"""

from pathlib import Path

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from datasets.errors import InputError, unknown
from datasets.images.base import ImageSet
from datasets.lists import reading
from datasets.pairs.base import PairSet

COUNTS = {"train": 2_173, "query": 693, "gallery": 2_173}
FEATURES = "raw_features.mat"
LISTS = ("trainset_txt_img_cat.list", "testset_txt_img_cat.list")
CATEGORIES = ("art", "biology", "geography", "history", "literature", "media", "music", "royalty", "sport", "warfare")
_TEXTS = {"": "T_tfidf", "tfidf": "T_tfidf", "topics": "T"}
_SOURCE = "it is part of Rasiwasia's wikipedia_dataset, with raw_features.mat of SVCL's page"


def load(root: str | Path | None, *, texts: str = "") -> PairSet:
    """The set in the folder ``root``, or in ``root/wiki``; ``texts`` is tfidf, which "" means too, or topics.

    Raises InputError naming the file that cannot be read, or that has other rows than the lists.
    """
    if texts not in _TEXTS:
        raise unknown("kind of texts of wiki", texts, [name for name in _TEXTS if name])
    folder = reading.folder(root, FEATURES, name="wiki", inner="wikipedia_dataset", source=_SOURCE)
    pictures, words = _parts(folder / FEATURES, "I"), _parts(folder / FEATURES, _TEXTS[texts])
    labels = [_labels(folder / name) for name in LISTS]
    for name, found in (("I", pictures), (_TEXTS[texts], words)):
        for rows, part, listed in zip(found, ("tr", "te"), labels, strict=True):
            if len(rows) != len(listed):
                what = f"{name}_{part} has {len(rows):,} rows, and {LISTS[part == 'te']} {len(listed):,} lines"
                raise InputError(f"{folder / FEATURES}: {what}: unpack the set again")
    count, train = sum(map(len, labels)), np.arange(len(labels[0]))
    described = ImageSet(
        name="wiki-topics" if texts == "topics" else "wiki",
        images=np.concatenate(pictures).astype(np.float32),
        labels=np.concatenate(labels),
        class_names=CATEGORIES,
        train=train,
        query=np.arange(len(train), count),
        gallery=train,
    )
    found = PairSet(described, np.concatenate(words).astype(np.float32))
    return found.check().check_counts(COUNTS, place=folder, title="Wiki")


def _parts(file: Path, name: str) -> list[np.ndarray]:
    """The features ``name`` of the train part and of the test part, a row a pair."""
    try:
        found = loadmat(file, variable_names=[f"{name}_tr", f"{name}_te"])
        parts = [found[f"{name}_tr"], found[f"{name}_te"]]
    except (OSError, ValueError, TypeError, NotImplementedError, MatReadError) as error:
        raise InputError(f"{file} cannot be read ({error}): unpack the set again") from None
    except KeyError as error:
        raise InputError(f"{file}: has no features {error.args[0]}: it is another file") from None
    if any(part.ndim != 2 or part.dtype.kind != "f" for part in parts) or parts[0].shape[1] != parts[1].shape[1]:
        raise InputError(f"{file}: {name}_tr and {name}_te are no features of one size: it is another file")
    return parts


def _labels(file: Path) -> np.ndarray:
    """(N,) int64 of 0 to 9: the last cell of each line is a category of 1 to 10."""
    found = []
    for where, (_, _, category) in reading.cells(file, "text image category"):
        number = reading.class_number(where, category)
        if not 1 <= number <= len(CATEGORIES):
            raise InputError(f"{where}: category {number} is none of 1 to {len(CATEGORIES)}")
        found.append(number - 1)
    return np.array(found, np.int64)
