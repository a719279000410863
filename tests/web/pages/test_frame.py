"""The frame of all pages: who sees what in the navigation, the switch of the language, the ways that go wrong."""

import pytest


@pytest.fixture(autouse=True)
def database(db):
    pass


def test_it_works(browser, gallery):
    page = browser.get("/g/colours/").content.decode()
    assert '<html lang="en">' in page and 'href="#content"' in page and 'id="content"' in page
    assert 'href="/g/colours/" aria-current="page"' in page


def test_nobody_sees_the_navigation_before_signing_in(client):
    page = client.get("/accounts/login/").content.decode()
    assert 'class="languages"' in page and "<nav" not in page and "/accounts/logout/" not in page


def test_the_language_is_kept_and_needs_no_account(client):
    answer = client.post("/language/", {"language": "zh-hans", "next": "/accounts/login/"}, follow=True)
    assert '<html lang="zh-hans">' in answer.content.decode()
    assert '<html lang="zh-hans">' in client.get("/accounts/login/").content.decode()


def test_the_language_of_the_browser_is_the_first_choice(client):
    page = client.get("/accounts/login/", headers={"accept-language": "zh-CN,zh;q=0.9"}).content.decode()
    assert '<html lang="zh-hans">' in page


def test_no_language_switch_leads_elsewhere(client):
    for address in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        answer = client.post("/language/", {"language": "zh-hans", "next": address})
        assert answer.status_code == 302 and answer["Location"] == "/", address


def test_a_language_that_is_not_there_changes_nothing(client):
    client.post("/language/", {"language": "../../etc/passwd"})
    assert '<html lang="en">' in client.get("/accounts/login/").content.decode()


def test_what_is_not_there_is_told_in_the_frame(browser):
    answer = browser.get("/g/nothing/")
    assert answer.status_code == 404 and "There is no such page" in answer.content.decode()


def test_pages_hold_nothing_inline(browser, gallery):
    """What a strict Content-Security-Policy would block."""
    for address in ("/", "/g/colours/", "/accounts/login/"):
        page = browser.get(address).content.decode()
        assert not any(
            word in page for word in (" style=", " onclick=", " onload=", "<style", "<script>", "javascript:")
        )
        assert "http://" not in page.replace("http://www.w3.org", "") and "https://" not in page, address
