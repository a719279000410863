"""Parting: how sentences become words, as it is kept beside the vocabulary that was made so."""

from dataclasses import dataclass

from datasets.words.words import words


@dataclass(frozen=True)
class Parting:
    """Called with a sentence, its words.

    way : see ``datasets.words.words.WAYS``
    most : words after which the rest of a sentence is cut off; None for all
    """

    way: str = "characters"
    most: int | None = None

    def __call__(self, sentence: str) -> list[str]:
        """The words of ``sentence``."""
        return words(sentence, self.way)[: self.most]


AT_SPACES = Parting("spaces")  # of vocabularies that do not tell: those of programs for English, and older ones of ours
