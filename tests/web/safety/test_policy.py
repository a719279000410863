"""Policy: what browsers may do with our pages."""

import pytest

from web.safety.policy import CONTENT


@pytest.mark.parametrize("address", ["/", "/accounts/login/", "/static/pages/site.css", "/nothing/", "/api/v1/x"])
def test_it_is_on_every_answer(browser, address):
    answer = browser.get(address)
    answer.close()
    assert answer["Content-Security-Policy"] == CONTENT
    assert answer["X-Content-Type-Options"] == "nosniff" and "Access-Control-Allow-Origin" not in answer


def test_nothing_from_elsewhere_and_nothing_inline():
    rules = dict(rule.split(" ", 1) for rule in CONTENT.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    words = set(CONTENT.split()) - {"blob:"}
    assert not {word for word in words if "unsafe" in word or "*" in word or word.endswith(":") or "//" in word}
