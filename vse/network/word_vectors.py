"""First word vectors from a text file, a word and its numbers a line, as GloVe (Pennington et al. 2014) comes."""

from pathlib import Path

import numpy as np

from datasets.errors import InputError
from embedding.mx import gluon, nd
from vse.network.vocab import Vocabulary


def load(weight: gluon.Parameter, vocabulary: Vocabulary, path: Path) -> str:
    """Set the rows of ``weight`` (words, D) whose words stand in the file, and say how many; the others stay.

    word2vec's first line, of two counts, is passed over. Raises InputError naming the file and the line.
    """
    vectors = weight.data(weight.list_ctx()[0]).asnumpy()
    number = {word: row for row, word in enumerate(vocabulary.words)}
    found = set()
    try:
        with path.open(encoding="utf-8") as file:
            for place, line in enumerate(file, start=1):
                word, *numbers = line.rstrip().split(" ")
                if (row := number.get(word)) is None or (place == 1 and len(numbers) == 1):
                    continue
                if len(numbers) > vectors.shape[1] and not _is_number(numbers[0]):
                    continue  # a word of several parts, ". . .", as GloVe's largest file has them
                vectors[row] = _vector(numbers, vectors.shape[1], f"{path}, line {place}")
                found.add(row)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--word-vectors={path}: cannot be read ({error}); name a text file of word vectors") from None
    if not found:
        raise InputError(f"--word-vectors={path}: none of the {len(vocabulary)} words stands there; name another file")
    weight.set_data(nd.array(vectors))
    return f"{len(found)} of {len(vocabulary)} words have first vectors from {path}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _vector(numbers: list[str], size: int, where: str) -> np.ndarray:
    if len(numbers) != size:
        raise InputError(
            f"{where}: has {len(numbers)} numbers, where --word-dim={size}; give that size or another file"
        )
    try:
        vector = np.array(numbers, np.float32)
    except ValueError:
        raise InputError(f"{where}: is not a word and its numbers; mend the file") from None
    if not np.isfinite(vector).all():
        raise InputError(f"{where}: has a number that is not finite; mend the file")
    return vector
