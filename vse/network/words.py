"""The vocabulary that options ask for: of the training captions, of a file or folder, or of the run started from."""

import logging
from pathlib import Path

import numpy as np

from datasets.captions.base import CaptionSet
from datasets.errors import InputError
from datasets.words.parting import AT_SPACES, Parting
from vse.network.vocab import UNKNOWN, VOCABULARY, Vocabulary
from vse.options import VseOptions

log = logging.getLogger(__name__)

MOST = 100  # words of a caption: more than any of Flickr or COCO has


def vocabulary_of(options: VseOptions, captions: CaptionSet, told: np.ndarray) -> Vocabulary:
    """The vocabulary; ``told`` are the positions of the training captions.

    Raises InputError where a file cannot be read, or no word is in the vocabulary.
    """
    if options.start is not None:
        return Vocabulary.load(options.start / VOCABULARY)
    if (file := _named(options)) is not None:
        log.info("%s: words as they are, whatever captions it was made of", file)
        return _parted(Vocabulary.load(file), options, file)
    parting = _parting(options)
    found = Vocabulary.of((captions.captions[i] for i in told), threshold=options.threshold, parting=parting)
    if not found.known:
        seen = f"no word comes so often in the {len(told)} training captions"
        raise InputError(f"--threshold={options.threshold}: {seen}; give a lower one, or part their words by spaces")
    return found


def _parting(options: VseOptions) -> Parting:
    """How captions are parted where no vocabulary tells."""
    most = MOST if options.max_words is None else options.max_words
    return Parting(options.split_words or "characters", most or None)


def _parted(vocabulary: Vocabulary, options: VseOptions, file: Path) -> Vocabulary:
    """The vocabulary of ``file`` with the parting that options ask for; raises InputError where it tells another."""
    if options.split_words is None and options.max_words is None:
        return vocabulary
    asked, tells = _parting(options), vocabulary.parting
    if tells not in (AT_SPACES, asked):
        what = f"its words are of --split-words={tells.way} --max-words={tells.most or 0}"
        raise InputError(f"--vocab={file}: {what}; give these, or leave both out")
    return Vocabulary(vocabulary.known, asked)


def _named(options: VseOptions) -> Path | None:
    """The file that --vocab means: itself or, as the reference has it, the set's own of a folder, where it is there."""
    folder = options.vocab
    if folder is None or not folder.is_dir():
        return folder
    file = folder / f"{options.data}_vocab.json"
    if file.exists():
        return file
    log.info("%s is not there: the vocabulary is made of the training captions", file)
    return None


def tell_unknown(vocabulary: Vocabulary, captions: CaptionSet) -> None:
    """Log how many captions have no word that is in the vocabulary: they are all the same to a network."""
    known = set(vocabulary.known)
    lost = [caption for caption in captions.captions if known.isdisjoint(vocabulary.parting(caption))]
    if lost:
        what = "have no word of the vocabulary, and are all %s, such as: %s"
        log.warning(f"%d of %d captions {what}", len(lost), len(captions.captions), UNKNOWN, lost[0])
