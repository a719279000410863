"""The page of one's own account."""

PAGE = "/accounts/"


def test_it_works(browser):
    page = browser.get(PAGE).content.decode()
    assert "/accounts/password/" in page and "/accounts/tokens/" in page and "/accounts/people/" not in page


def test_staff_find_people(staff_browser):
    assert "/accounts/people/" in staff_browser.get(PAGE).content.decode()


def test_who_is_not_signed_in_is_asked_to(client, db):
    assert client.get(PAGE).status_code == 302
