"""The server behind a proxy with TLS: what the proxy's word makes of a request, and what nobody else's does."""

import http.cookies
import os
import re
import subprocess
import sys

import pytest

HOST = "photos.example.org"
PROXY = {"Host": HOST, "X_Forwarded_Proto": "https", "X_Forwarded_For": "203.0.113.7"}


def test_it_works(public):
    answer = public.ask("GET", "/accounts/login/", **PROXY)
    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert f"https://{HOST}/ by a proxy to http://127.0.0.1:{public.port}/" in public.said


def test_cookies_are_for_tls_alone(public):
    answer = public.ask("GET", "/accounts/login/", **PROXY)
    (cookie,) = http.cookies.SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert cookie.key == "__Host-csrf" and cookie["secure"] and cookie["httponly"] and cookie["path"] == "/"
    assert cookie["samesite"] == "Lax" and not cookie["domain"]


def test_plain_http_is_sent_to_tls(public):
    answer = public.ask("GET", "/accounts/login/?a=b", Host=HOST)
    assert answer.status == 301 and answer.headers["Location"] == f"https://{HOST}/accounts/login/?a=b"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("shown", [{"Cookie": "__Host-session=stolen"}, {"Authorization": "Bearer de_stolen"}])
def test_a_session_or_a_token_over_plain_http_is_refused(public, shown):
    before = len(public.refused)
    assert public.ask("GET", "/", Host=HOST, **shown).status == 403
    assert (
        public.ask("GET", "/", Host=HOST, X_Forwarded_Proto="http", X_Forwarded_For="203.0.113.8", **shown).status
        == 403
    )
    first, second = public.refused[before:]
    assert first.startswith("403 127.0.0.1 GET /: a session or a token came over plain HTTP")
    assert second.startswith("403 203.0.113.8 ") and "stolen" not in public.said


def test_a_name_that_is_not_ours_is_refused(public):
    for host in ("127.0.0.1", "localhost", "evil.example", f"{HOST}.evil.example"):
        assert public.ask("GET", "/accounts/login/", **{**PROXY, "Host": host}).status == 400
    answer = public.ask("GET", "/", **PROXY, X_Forwarded_Host="evil.example")
    assert answer.status == 302 and answer.headers["Location"] == "/accounts/login/?next=/"


def test_a_client_is_whom_the_proxy_names_last(public):
    """What stands before it the client wrote itself."""

    def ask(word):
        return public.ask("GET", "/accounts/login/", **{**PROXY, "X_Forwarded_For": word}).status

    statuses = [ask(f"198.51.100.{number}, 192.0.2.9") for number in range(42)]
    assert statuses == [200] * 40 + [429] * 2
    assert ask("192.0.2.10") == 200
    assert re.search(r"429 192\.0\.2\.9 GET /accounts/login/", public.said)


def test_a_form_from_elsewhere_is_refused(public):
    for origin in ("https://evil.example", f"http://{HOST}", "null"):
        answer = public.ask("POST", "/accounts/login/", b"username=a&password=b", Origin=origin, **PROXY)
        assert answer.status == 403


@pytest.mark.slow
def test_the_deployment_is_clean(tmp_path):
    """manage.py check --deploy, a warning counting as an error."""
    words = [sys.executable, "-W", "error", "-m", "web.manage", "check", "--deploy", "--fail-level", "WARNING"]
    given = {"WEB_HOST": HOST, "SECRET_KEY": "4x7!kQ" * 10, "WEB_DATA": str(tmp_path)}
    done = subprocess.run(words, env={**os.environ, **given}, capture_output=True, text=True)
    assert done.returncode == 0 and "no issues" in done.stdout, done.stderr
    given["SECRET_KEY"] = "short"
    refused = subprocess.run(words, env={**os.environ, **given}, capture_output=True, text=True)
    assert refused.returncode and "could be guessed" in refused.stderr
