"""Language: the text of a filter, "make=query.make and 1995<=year<2000", as a condition that is still to be bound.

filter : comparisons with and, or, parentheses; "everything" is fulfilled by every row
comparison : column = value, <, <=, >, >=, 1995 <= year < 2000, type in (SUV, Sedan), tags has 7, tags has (7, 12)
value : a number, a word, 'words in quotation marks', or the query's own attribute, query.make
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datasets.attributes import cells, words
from datasets.attributes.condition import All, Among, AnyOf, Between, Condition, Constant, Tagged
from datasets.attributes.table import Attributes
from datasets.attributes.words import Word
from datasets.errors import InputError, suggestion

_QUERY = "query."
_LESS, _MORE, _EQUAL = ("<", "<="), (">", ">="), ("=", "==")
_ORDERS = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_WORDS = ("and", "or", "in", "has")
_KNOWN = "known are =, <, <=, >, >=, in (...), has, and, or, parentheses"


@dataclass(frozen=True)
class OfQuery:
    """Stands for the query's own attribute until a condition is bound."""

    column: str


def parse(text: str, gallery: Attributes, queries: Attributes | None) -> Condition:
    """The condition, with ``OfQuery`` where the query's attributes are to stand.

    Raises InputError, saying what is wrong at which word: a column that is not there, a value of another kind.
    """
    parser = _Parser(words.pieces(text), gallery, queries)
    found = parser.any_of()
    if parser.left:
        parser.unexpected("and, or, or the end")
    return found


class _Parser:
    """Reads piece after piece."""

    def __init__(self, pieces: Sequence[Word], gallery: Attributes, queries: Attributes | None) -> None:
        self.left, self.gallery, self.queries = list(pieces), gallery, queries

    def any_of(self) -> Condition:
        return self._joined("or", AnyOf, lambda: self._joined("and", All, self._single))

    def _joined(self, word: str, kind: type, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self._take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else kind(tuple(parts))

    def _single(self) -> Condition:
        if self._take("("):
            found = self.any_of()
            if not self._take(")"):
                self.unexpected("a closing parenthesis")
            return found
        if self.left and self.left[0].is_("not"):
            raise InputError(f"'not' is not known; {_KNOWN}")
        if self._take("everything"):
            return All()
        return self._comparison(self._word("a column"))

    def _comparison(self, first: Word) -> Condition:
        if self._take("in"):
            return self._among(self._column(first), self._values())
        if self._take("has"):
            return self._tagged(first)
        sign, second = self._sign(), self._word("a value")
        if self.left and self.left[0].sign and self.left[0].text in _ORDERS:
            return self._chain(first, sign, second)
        if not self._is_column(first) and self._is_column(second):
            first, second, sign = second, first, _ORDERS.get(sign, sign)
        column = self._column(first)
        return self._among(column, [second]) if sign in _EQUAL else self._ordered(column, [(sign, second)])

    def _chain(self, low: Word, first: str, middle: Word) -> Condition:
        """1995 <= year < 2000."""
        second, high = self._sign(), self._word("a value")
        if {first, second} - set(_LESS) and {first, second} - set(_MORE):
            raise InputError(f"'{low.text} {first} {middle.text} {second} {high.text}' must go one way: 1 <= x < 2")
        return self._ordered(self._column(middle), [(_ORDERS[first], low), (second, high)])

    def _ordered(self, column: str, limits: list[tuple[str, Word]]) -> Condition:
        if column == "tags" or self.gallery.columns[column].dtype.kind == "U":
            raise InputError(f"{column} is no number, which < and > compare; write dates as such, 20200131")
        given = {}
        for sign, word in limits:
            value = self._value(word, column)
            given |= {"high": value, "below": sign == "<"} if sign in _LESS else {"low": value, "above": sign == ">"}
        return Between(column, **given)

    def _among(self, column: str, given: Sequence[Word]) -> Condition:
        if column == "tags":
            raise InputError("tags are asked for by has: tags has 7, tags has query.tags")
        found = tuple(self._value(word, column) for word in given)
        for value in found:
            if not isinstance(value, OfQuery):
                self._check_there(column, value)
        return Among(column, found)

    def _check_there(self, column: str, value: Constant) -> None:
        """Raises InputError where no row has the value: it is misspelled."""
        values = self.gallery.columns[column]
        if (values == value).any():
            return
        if values.dtype.kind == "U":
            known = sorted({*values.tolist()} - {""})
            likely = next((one for one in known if one.lower() == str(value).lower()), "")
            hint = f"did you mean {likely}? " if likely else suggestion(str(value), known)
            raise InputError(f"no row has {column} '{value}'; {hint}{len(known):,} values are known, case counts")
        raise InputError(f"no row has {column} {value}; they go from {min(values):g} to {max(values):g}")

    def _tagged(self, first: Word) -> Condition:
        if self._column(first) != "tags":
            raise InputError(f"'{first.text} has': only tags are asked for by has; columns by = or in")
        given = self._values()
        if len(given) == 1 and self._of_query(given[0]):
            return Tagged((self._own("tags", self._of_query(given[0])),))
        if wrong := [word.text for word in given if not word.text.isdecimal()]:
            raise InputError(f"tags are whole numbers, not '{wrong[0]}'")
        return Tagged(tuple(int(word.text) for word in given))

    def _value(self, word: Word, column: str) -> Constant | OfQuery:
        """A constant of the column's kind, or the query's."""
        if name := self._of_query(word):
            return self._own(column, name)
        if self.gallery.columns[column].dtype.kind == "U":
            if not word.text:
                raise InputError(f"{column} = '': an empty cell is a missing value, which nothing is equal to")
            return word.text
        try:
            return cells.number(word.text)
        except ValueError:
            raise InputError(f"{column} is a number, '{word.text}' is none") from None

    def _own(self, column: str, name: str) -> OfQuery:
        """The query's attribute ``name``, to be compared with the gallery's ``column``."""
        if self.queries is None:
            raise InputError(f"query.{name} needs the queries' attributes; name their file by --query-attributes")
        if name not in self.queries.names:
            hint = suggestion(name, self.queries.names, before=_QUERY)
            raise InputError(f"the queries have no attribute {name}; {hint}known are {', '.join(self.queries.names)}")
        is_text = [part.columns[of].dtype.kind == "U" for part, of in ((self.queries, name), (self.gallery, column))
                   if of in part.columns]  # fmt: skip
        if (name == "tags") != (column == "tags") or len(set(is_text)) > 1:
            raise InputError(f"query.{name} is of another kind than {column}; both must be text, numbers or tags")
        return OfQuery(name)

    @staticmethod
    def _of_query(word: Word) -> str:
        is_one = not word.quoted and word.text.lower().startswith(_QUERY)
        return word.text[len(_QUERY) :].lower() if is_one else ""

    def _is_column(self, word: Word) -> bool:
        return word.text.lower() in self.gallery.names

    def _column(self, word: Word) -> str:
        if not self.gallery.names:
            raise InputError(f"there is no attribute '{word.text}'; name the file of them by --attributes")
        if not self._is_column(word):
            hint = suggestion(word.text.lower(), self.gallery.names)
            raise InputError(f"there is no attribute '{word.text}'; {hint}known are {', '.join(self.gallery.names)}")
        return word.text.lower()

    def _values(self) -> list[Word]:
        if not self._take("("):
            return [self._word("a value, or several in parentheses")]
        found = [self._word("a value")]
        while self._take(","):
            found.append(self._word("a value"))
        if not self._take(")"):
            self.unexpected("a comma or a closing parenthesis")
        return found

    def _sign(self) -> str:
        if self.left and self.left[0].sign and self.left[0].text in (*_ORDERS, *_EQUAL):
            return self.left.pop(0).text
        self.unexpected("=, <, <=, >, >=, in or has")

    def _word(self, what: str) -> Word:
        if not self.left or self.left[0].sign or self.left[0].is_(*_WORDS):
            self.unexpected(what)
        return self.left.pop(0)

    def _take(self, text: str) -> bool:
        if self.left and self.left[0].is_(text):
            self.left.pop(0)
            return True
        return False

    def unexpected(self, wanted: str) -> None:
        """Raises InputError."""
        if not self.left:
            raise InputError(f"it ends where {wanted} should follow")
        rest = " ".join(word.text for word in self.left)
        if self.left[0].text in ("!=", "<>", "!"):
            raise InputError(f"'{rest[:30]}': there is no 'not'; {_KNOWN}")
        mend = "; words with blanks stand in quotation marks" if not self.left[0].sign else ""
        raise InputError(f"'{rest[:30]}' stands where {wanted} should{mend}")
