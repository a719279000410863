"""Translations: every word that people see has one in every catalogue, with the same places to fill in."""

import ast
import gettext
import re
import string
from pathlib import Path

import pytest
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

from web.settings import LANGUAGES

WEB = Path(__file__).resolve().parents[3] / "web"
OTHERS = [trans_real.to_locale(code) for code, _ in LANGUAGES if code != "en"]
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
ONE = r"""(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")"""


def of_python(path: Path) -> set[str]:
    """The messages of a module."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            first = node.args[0]
            assert isinstance(first, ast.Constant), f"{path.name}:{node.lineno}: gettext needs the words themselves"
            found.add(first.value)
    return found


def of_template(path: Path) -> set[str]:
    """The messages of a template, as Django hands them to xgettext; with their plural only the singular."""
    found = set()
    for match in re.finditer(rf"\b(?:gettext|ngettext|_)\(\s*u?{ONE}", templatize(path.read_text())):
        found.add(ast.literal_eval(f"'{match[1]}'" if match[1] is not None else f'"{match[2]}"'))
    return found


def messages() -> set[str]:
    """All of the search page."""
    found = set()
    for path in WEB.rglob("*.py"):
        found |= of_python(path) if "migrations" not in path.parts else set()
    for path in WEB.rglob("*.html"):
        found |= of_template(path)
    return found


def written(path: Path) -> dict[str, list[str]]:
    """What a .po file says: each message with its translations, one, or one a plural form."""
    found: dict[str, list[str]] = {}
    for block in path.read_text().split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        fields: dict[str, str] = {}
        for line in lines:
            name, text = re.fullmatch(r'(?:(\w+(?:\[\d\])?) )?(".*")', line).groups()
            last = name or last  # noqa: F821
            fields[last] = fields.get(last, "") + ast.literal_eval(text)
        if fields:
            found[fields["msgid"]] = [text for name, text in fields.items() if name.startswith("msgstr")]
    return found


def places(text: str) -> set[str]:
    """The places to fill in: %(name)s, %s, {name}."""
    braces = {f"{{{name}}}" for _, name, *_ in string.Formatter().parse(text) if name} if "{" in text else set()
    return set(re.findall(r"%\(\w+\)[sd]|%[sd]", text)) | braces


def test_it_works(client, db):
    page = client.get("/accounts/login/", headers={"accept-language": "zh-CN"}).content.decode()
    assert "登录" in page


def test_there_are_messages():
    found = messages()
    assert {"Galleries", "Sign out", "Search"} <= found and len(found) > 30


@pytest.mark.parametrize("locale", OTHERS)
def test_all_is_translated_and_nothing_else(locale):
    catalogue = written(WEB / "locale" / locale / "LC_MESSAGES" / "django.po")
    assert sorted(messages() - set(catalogue)) == [], "not in the .po file: add them, and run msgfmt"
    assert sorted(set(catalogue) - messages() - {""}) == [], "in the .po file alone: nobody says them"
    assert [message for message, texts in catalogue.items() if not all(texts)] == []


@pytest.mark.parametrize("locale", OTHERS)
def test_places_are_kept(locale):
    for message, texts in written(WEB / "locale" / locale / "LC_MESSAGES" / "django.po").items():
        for text in texts if message else []:
            assert places(text) == places(message), message


@pytest.mark.parametrize("locale", OTHERS)
def test_the_compiled_catalogue_is_the_written_one(locale):
    folder = WEB / "locale" / locale / "LC_MESSAGES"
    with open(folder / "django.mo", "rb") as file:
        compiled = gettext.GNUTranslations(file)._catalog
    read = {key if isinstance(key, str) else key[0]: text for key, text in compiled.items() if key}
    expected = {message: texts[0] for message, texts in written(folder / "django.po").items() if message}
    assert read == expected, "run msgfmt"
