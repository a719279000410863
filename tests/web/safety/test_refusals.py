"""Refusals: what is refused is a page for people and JSON for programs, and one line in the log."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from datasets.errors import InputError
from web.safety import watch
from web.safety.mistakes import Mistakes
from web.safety.refusals import Refused


def test_it_works(browser, lines):
    assert browser.get("/").status_code == 200 and lines() == []


def test_a_page_that_is_not_there_is_one_line(browser, lines):
    assert browser.get("/g/nothing/").status_code == 404
    assert lines() == ["refused 404 127.0.0.1 GET /g/nothing/: is not there"]


def test_a_program_is_answered_in_json(browser, lines):
    answer = browser.get("/api/v1/nothing/")
    assert answer.status_code == 404 and answer.json()["detail"] == "is not there"
    assert browser.get("/g/nothing/", headers={"accept": "application/json"}).json()["detail"] == "is not there"
    assert len(lines()) == 2


def test_a_mistake_that_leaves_a_view_is_its_line(rf: RequestFactory, db):
    mistakes = Mistakes(lambda request: HttpResponse())
    answer = mistakes.process_exception(rf.get("/api/v1/x"), InputError("crop=2,2: lies\noutside; <give> another"))
    assert answer.status_code == 400 and answer.why == "crop=2,2: lies outside; <give> another"
    page = mistakes.process_exception(rf.get("/"), InputError("<script>"))
    assert b"&lt;script&gt;" in page.content and b"<script>" not in page.content
    assert mistakes.process_exception(rf.get("/"), Refused("is too large", 413)).status_code == 413
    assert mistakes.process_exception(rf.get("/"), ValueError("ours")) is None


def test_no_client_writes_a_line_of_its_own(rf, lines):
    def refused(request):
        answer = HttpResponse(status=403)
        answer.why = "no\r\n1970 refused 200 \x1b[2K "
        return answer

    watch.watch(refused)(rf.get("/a%0Ab/\u2028c", REMOTE_ADDR="1.2.3.4\nx"))
    assert lines() == ["refused 403 1.2.3.4 x GET /a%0Ab/%E2%80%A8c: no 1970 refused 200 [2K"]


def test_what_people_look_for_is_in_no_log(browser, lines):
    browser.get("/nothing/?sentence=secret")
    assert "secret" not in lines()[0]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "127.0.0.1:80@evil", "a b", "::1", ""])
def test_a_host_that_is_not_ours_is_refused(client, db, lines, host):
    answer = client.get("/accounts/login/", headers={"host": host})
    assert answer.status_code == 400 and host.encode() not in answer.content or not host
    assert len(lines()) == (answer.status_code == 400)


def test_a_forged_form_is_refused(user, lines):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(user)
    for name in ("/accounts/logout/", "/accounts/login/", "/language/"):
        assert strict.post(name, {"language": "en"}).status_code == 403
    assert len(lines()) == 3 and "CSRF" in lines()[0]
    assert "session" in strict.cookies  # nobody was signed out
