"""Filters: the language, its errors, conditions bound to queries, and the rows that pass, against plain loops."""

import numpy as np
import pytest

from datasets.attributes import filter as filters
from datasets.attributes import words
from datasets.attributes.condition import All, Among, AnyOf, Between, Tagged
from datasets.attributes.passing import Passing
from datasets.attributes.table import Attributes
from datasets.errors import InputError


def some(seed, count):
    rng = np.random.default_rng(seed)
    tags = [sorted(rng.choice(8, rng.integers(0, 5), replace=False)) for _ in range(count)]
    year = rng.integers(1990, 2010, count).astype(float)
    year[rng.random(count) < 0.2] = np.nan
    return Attributes(
        {
            "make": rng.choice(["", "Ford", "VW", "Aston Martin", "1"], count),
            "year": year,
            "size": rng.integers(0, 5, count),
        },
        (np.cumsum([0, *map(len, tags)]), np.concatenate(tags).astype(np.int32)),
    )


GALLERY, QUERIES = some(0, 300), some(1, 40)


def fulfils(condition, row):
    """The plain second way."""
    if isinstance(condition, All):
        return all(fulfils(part, row) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(fulfils(part, row) for part in condition.parts)
    if isinstance(condition, Tagged):
        return set(condition.tags) <= set(GALLERY.tags_of(row))
    value = GALLERY.columns[condition.column][row]
    if isinstance(condition, Among):
        return any(value == one for one in condition.values)
    low = condition.low is None or (value > condition.low if condition.above else value >= condition.low)
    high = condition.high is None or (value < condition.high if condition.below else value <= condition.high)
    return low and high and value == value


TEXTS = {
    "make=query.make": lambda g, q: g["make"] == q["make"] != "",
    "make = 'Aston Martin' or make=1": lambda g, q: g["make"] in ("Aston Martin", "1"),
    "1995<=year<2000": lambda g, q: 1995 <= g["year"] < 2000,
    "2000>=year>1995": lambda g, q: 1995 < g["year"] <= 2000,
    "2000>year": lambda g, q: g["year"] < 2000,
    "YEAR > query.year AND size<=query.size": lambda g, q: g["year"] > q["year"] and g["size"] <= q["size"],
    "size in (0, 1, 2, 3, 4, query.size) and make in (Ford)": lambda g, q: g["make"] == "Ford",
    "year in (1991, 1993) or (size=1 and make=query.make)": lambda g, q: (
        g["year"] in (1991, 1993) or (g["size"] == 1 and g["make"] == q["make"] != "")
    ),
    "tags has query.tags": lambda g, q: set(q["tags"]) <= set(g["tags"]),
    "tags has (1, 3) and tags has 5": lambda g, q: {1, 3, 5} <= set(g["tags"]),
    "tags has 4000": lambda g, q: False,
    "everything": lambda g, q: True,
}


def as_row(attributes, row):
    return {name: values[row] for name, values in attributes.columns.items()} | {"tags": attributes.tags_of(row)}


@pytest.mark.parametrize("text", TEXTS)
def test_the_rows_that_pass(text):
    found = filters.read("x", text, GALLERY, QUERIES, 40)
    passing, rows = Passing(GALLERY), [as_row(GALLERY, row) for row in range(300)]
    for condition, queries in found.queries():
        mask = passing.rows(found.conditions[condition])
        assert mask.tolist() == [fulfils(found.conditions[condition], row) for row in range(300)]
        assert passing.rows(found.conditions[condition], 100, 150).tolist() == mask[100:150].tolist()
        for query in queries:
            assert mask.tolist() == [TEXTS[text](row, as_row(QUERIES, query)) for row in rows]
    assert sorted(query for _, queries in found.queries() for query in queries) == list(range(40))


def test_queries_share_their_conditions():
    found = filters.read("x", "make=query.make and year<2000", GALLERY, QUERIES, 40)
    assert len(found.conditions) == len(set(QUERIES.columns["make"].tolist()))
    assert len({filters.read("x", text, GALLERY, QUERIES, 40).mark for text in TEXTS}) == len(TEXTS)


def test_a_comparison_with_what_a_query_has_not_is_never_fulfilled():
    nobody = Attributes({"year": np.array([np.nan]), "make": np.array([""])})
    assert filters.read("x", "year<query.year", GALLERY, nobody, 1).conditions == (Among("year", ()),)
    assert filters.read("x", "make=query.make", GALLERY, nobody, 1).conditions == (Among("make", ()),)
    assert not Passing(GALLERY).rows(Among("make", ())).any()


@pytest.mark.parametrize(
    "text, message",
    [
        ("mak=Ford", "there is no attribute 'mak'; did you mean make\\? known are make, year, size, tags"),
        ("make=ford", "no row has make 'ford'; did you mean Ford\\?"),
        ("year=1890", "no row has year 1890; they go from"),
        ("make<3", "make is no number"),
        ("year<abc", "year is a number, 'abc' is none"),
        ("year<nan", "'nan' is none"),
        ("make!=Ford", "there is no 'not'"),
        ("not make=Ford", "'not' is not known"),
        ("make=Aston Martin", "no row has make 'Aston'"),
        ("make=Ford x", "'x' stands where and, or, or the end should"),
        ("make=query.mak", "the queries have no attribute mak; did you mean query.make\\?"),
        ("year=query.make", "query.make is of another kind than year"),
        ("tags has query.make", "of another kind than tags"),
        ("tags=3", "tags are asked for by has"),
        ("make has 3", "only tags are asked for by has"),
        ("tags has x", "tags are whole numbers, not 'x'"),
        ("1<year>3", "must go one way"),
        ("(year<3", "it ends where a closing parenthesis"),
        ("make='x", "the quotation that begins at 'x does not end"),
        ("make=''", "nothing is equal to"),
        ("make in (Ford", "a comma or a closing parenthesis"),
        ("year", "it ends where =, <"),
        ("", "it ends where a column should follow"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(text, message):
    with pytest.raises(InputError, match=f"^--filter={''.join('.' if c in '()?' else c for c in text)}: .*{message}"):
        filters.read("x", text, GALLERY, QUERIES, 40)


def test_queries_without_attributes():
    with pytest.raises(InputError, match="query.make needs the queries' attributes; name their file by --query-attr"):
        filters.read("x", "make=query.make", GALLERY, None, 40)


def test_several_filters_in_a_text():
    text = "same make: make=query.make; old:year<2008 ;make='a;b: c'; "
    assert words.several(text) == [
        ("same make", "make=query.make"),
        ("old", "year<2008"),
        ("make='a;b: c'", "make='a;b: c'"),
    ]


def test_limits_are_bound():
    assert filters.read("x", "1<=year<query.year", GALLERY, QUERIES, 40).conditions[0] in (
        Between("year", 1, QUERIES.columns["year"][0], below=True),
        Among("year", ()),
    )
