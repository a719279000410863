"""Attacks through pages and API: each is answered by a 4xx and one line in the log, and leaves nothing behind."""

import importlib.util
import io
import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLResolver, get_resolver
from PIL import Image

# How pictures are made that are something else too.
_spec = importlib.util.spec_from_file_location("pictures_of_uploads", Path(__file__).with_name("test_uploads.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)

WEB = Path(__file__).resolve().parents[3] / "web"
_IN_PAGES = {name for page in WEB.rglob("*.html") for name in re.findall(r'name="(\w+)"', page.read_text())}
_IN_FORMS = {
    name
    for code in WEB.rglob("*.py")
    for name in re.findall(r"^ +(\w+) = (?:forms\.)?\w*Field\(", code.read_text(), re.M)
}
_IN_LINKS = {"like", "q", "but", "crop", "first", "since", "until", "source", "username", "password", "use_pretrained"}
FIELDS = sorted(_IN_PAGES | _IN_FORMS | _IN_LINKS)
EVIL = (
    "../../../../../../etc/passwd",
    "..\\..\\web.sqlite3",
    "/etc/passwd",
    "file:///etc/passwd",
    "a\0b",
    "\ud800"[:0] + "%00",
)
OPEN = ("/accounts/login/", "/language/", "/api/v1/openapi.json")  # to everybody
PICTURES = {
    "bomb": (made.bomb(), "image/png"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"),
    "page": (b"<!DOCTYPE html><script>alert(1)</script>", "image/jpeg"),
    "gif and script": (b"GIF89a/*" + made.picture("GIF")[8:] + b"*/=1;alert(1)", "image/gif"),
    "jpeg and archive": (made.picture() + made.archive(), "image/jpeg"),
    "jpeg and php": (made.picture(comment=b"<?php system($_GET['c']); ?>"), "image/jpeg"),
    "exif": (made.with_exif(0x010E, made.SCRIPT.decode()), "image/jpeg"),
    "scans": (made.many_scans(), "image/jpeg"),
    "declared a page": (made.picture(), "text/html"),
    "nothing": (b"", "image/jpeg"),
    "cut": (made.picture()[:300], "image/jpeg"),
}


def routes(resolver=None, start="/") -> list[str]:
    """Every address that there is, of the gallery of the tests."""
    found = []
    for one in (resolver or get_resolver()).url_patterns:
        route = start + str(one.pattern)
        found += routes(one, route) if isinstance(one, URLResolver) else [route]
    return found


def filled(route: str, word: str = "x") -> str:
    route = re.sub(r"<int:\w+>", "1", route.replace("<slug:slug>", "colours").replace("<slug:what>", "staff"))
    return re.sub(r"<\w+:\w+>", word, route)


def test_there_is_something_to_attack():
    assert len(routes()) > 40 and len(FIELDS) > 15 and {"picture", "name", "address"} <= set(FIELDS)


@pytest.mark.parametrize("what", PICTURES)
def test_what_is_no_honest_picture_is_refused(browser, gallery, lines, what, settings):
    data, kind = PICTURES[what]
    sent = {"picture": SimpleUploadedFile("../../../tmp/evil.jpg", data, kind)}
    answer = browser.post("/g/colours/upload/", sent)
    assert answer.status_code in (400, 413, 415) and b"<script>alert" not in answer.content
    assert len(lines()) == 1 and "POST /g/colours/upload/" in lines()[0] and "../" not in lines()[0]
    assert not list(settings.DATA.rglob("*evil*")) and not list(settings.DATA.glob("uploads/*.jpg"))


@pytest.mark.parametrize("what", PICTURES)
def test_nor_does_the_api_take_it(gallery, user, lines, what):
    from web.accounts import bearer

    _, secret = bearer.made(user, "test", "read")
    data, kind = PICTURES[what]
    bearing = {"authorization": f"Bearer {secret}"}
    answer = Client().post("/api/v1/galleries/colours/search", data, content_type=kind, headers=bearing)
    assert 400 <= answer.status_code < 500 and answer.status_code not in (401, 403, 404, 429), answer.content
    assert len(lines()) == 1


def test_what_is_kept_is_made_of_pixels_alone(browser, gallery, settings):
    data = made.picture(size=(64, 48), comment=b"a remark")
    answer = browser.post("/g/colours/upload/", {"picture": SimpleUploadedFile("a.jpg", data, "image/jpeg")})
    assert answer.status_code == 302
    (kept,) = settings.DATA.glob("uploads/*.jpg")
    assert b"a remark" not in kept.read_bytes() and kept.read_bytes() != data


def test_a_picture_of_a_gallery_is_shown_without_its_texts(browser, gallery):
    """Somebody who may write into the folder of pictures is not somebody who may run scripts in browsers."""
    picture = gallery.pictures.first()
    place = Path(gallery.source) / picture.path
    before = place.read_bytes()
    try:
        place.write_bytes(made.picture(comment=made.SCRIPT) + made.SCRIPT)
        for name in ("small", "large"):
            answer = browser.get(f"/pictures/{picture.pk}/{name}.jpg")
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert answer.status_code == 200 and answer["Content-Type"] == "image/jpeg"
            assert answer["X-Content-Type-Options"] == "nosniff" and b"<script" not in body
            assert Image.open(io.BytesIO(body)).format == "JPEG"
    finally:
        place.write_bytes(before)


@pytest.mark.parametrize("evil", EVIL)
def test_no_field_leads_to_a_file(staff_browser, gallery, evil):
    for route in routes():
        if "logout" in route:
            continue
        fields = dict.fromkeys(FIELDS, evil)
        for answer in (
            staff_browser.get(filled(route), fields),
            staff_browser.post(filled(route), fields),
            staff_browser.post(filled(route), fields, headers={"accept": "application/json"}),
        ):
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            assert answer.status_code < 500, (route, answer.status_code)
            assert b"root:" not in body and b"SQLite format" not in body, route


@pytest.mark.parametrize(
    "evil", ["..%2f..%2fetc%2fpasswd", "%2e%2e", "..%5c..%5cweb.sqlite3", "%00", "a%0d%0ab", "9" * 40]
)
def test_no_path_leads_to_a_file(staff_browser, gallery, evil):
    for route in routes():
        if "<" in route:
            address = re.sub(r"<\w+:\w+>", evil, route)
            answer = staff_browser.get(address)
            assert answer.status_code in (302, 400, 404, 405), (address, answer.status_code)


@pytest.mark.parametrize(
    "address, fields",
    [
        ("/add/", {"images": "../../../../etc/passwd", "name": "x", "run": "../../x"}),
        ("/g/colours/upload/", {"picture": "../../etc/passwd"}),
        ("/g/colours/annotate/change/", {"action": "../../x"}),
        ("/g/colours/pictures/1/tag/", {"name": "\0"}),
    ],
)
def test_a_path_for_a_word_is_refused_in_a_line(staff_browser, gallery, lines, address, fields):
    answer = staff_browser.post(address, fields)
    assert 400 <= answer.status_code < 500 and len(lines()) == 1


def test_every_form_needs_its_token(staff, gallery):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(staff)
    for route in routes():
        answer = strict.post(filled(route), {"name": "x"})
        expected = (400, 401, 403, 404, 405, 415) if "/api/" in route else (403,)
        assert answer.status_code in expected, (route, answer.status_code)


def test_nobody_comes_in_without_signing_in(client, gallery):
    for route in routes():
        if filled(route) in OPEN:
            continue
        for answer in (client.get(filled(route)), client.post(filled(route))):
            away = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
            assert away or answer.status_code in (401, 404, 405), (route, answer.status_code)


def test_a_link_after_signing_in_leads_to_us(client, user):
    for onward in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        sent = {"username": "ann", "password": "of-tests-alone", "next": onward}
        answer = client.post("/accounts/login/", sent)
        assert answer.status_code == 302 and answer["Location"] == "/", onward
        client.logout()


def test_a_class_or_a_name_that_is_a_script_is_shown_as_text(staff_browser, gallery):
    gallery.name = gallery.slug + "<script>alert(1)</script>"
    gallery.save()
    gallery.pictures.update(category="<img src=x onerror=alert(1)>", label='"><script>alert(2)</script>')
    for route in routes():
        answer = staff_browser.get(filled(route), {"like": gallery.pictures.first().pk})
        if not answer.streaming and "html" in answer.headers.get("Content-Type", ""):
            assert b"<script>alert" not in answer.content and b"<img src=x" not in answer.content, route


def test_an_address_is_fetched_only_where_that_is_on(browser, gallery, lines, settings):
    inside = {"address": "http://127.0.0.1:1/a.jpg"}
    assert browser.post("/g/colours/address/", inside).status_code == 403
    settings.FETCH = True
    for address in (
        "http://127.0.0.1/",
        "http://localhost/a.jpg",
        "http://[::1]/",
        "http://169.254.169.254/latest/",
        "x",
    ):
        answer = browser.post("/g/colours/address/", {"address": address})
        assert answer.status_code == 400, address
    assert len(lines()) == 6
