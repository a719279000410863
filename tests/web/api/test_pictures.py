"""Pictures of a gallery, as programs see them."""

import cv2
import numpy as np
import pytest

ALL = "galleries/colours/pictures"


@pytest.fixture
def first(gallery):
    return gallery.pictures.first()


def test_it_works(reader, first):
    told = reader("GET", f"{ALL}/{first.pk}").json()
    assert told["path"] == first.path and told["category"] == first.category and told["revision"] == 0
    assert told["width"] == told["height"] == 64 and told["state"] == "there" and told["tags"] == []


def test_all_are_listed_page_by_page(reader, gallery):
    found, after = [], 0
    while after is not None:
        page = reader("GET", f"{ALL}?count=10&after={after}").json()
        found, after = found + [one["picture"] for one in page["pictures"]], page["next"]
    assert found == list(gallery.pictures.values_list("pk", flat=True))


def test_as_many_as_there_are_have_nothing_behind_them(reader, gallery):
    assert reader("GET", f"{ALL}?count=24").json()["next"] is None


def test_a_list_takes_no_query_for_each_picture(reader, gallery, django_assert_max_num_queries):
    reader("GET", ALL)
    with django_assert_max_num_queries(5):
        reader("GET", ALL)


def test_a_filter(reader, gallery, first):
    gallery.pictures.filter(pk=first.pk).update(label="odd")
    assert len(reader("GET", f"{ALL}?category=red&category=blue").json()["pictures"]) in (15, 16)
    assert [one["picture"] for one in reader("GET", f"{ALL}?category=odd").json()["pictures"]] == [first.pk]
    assert reader("GET", f"{ALL}?tag=none").json()["pictures"] == []
    assert reader("GET", f"{ALL}?folder=gre").json()["pictures"] == []
    assert len(reader("GET", f"{ALL}?folder=green").json()["pictures"]) == 8


@pytest.mark.parametrize(
    "asked", ["count=0", "count=1001", "after=-1", "after=9999999999999999999", "since=x", "catgory=red"]
)
def test_a_bad_filter_is_refused(reader, gallery, asked):
    assert reader("GET", f"{ALL}?{asked}").status_code == 400


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_one_that_is_not_there(reader, gallery, number):
    for more in ("", "/small.jpg", "/large.jpg"):
        assert reader("GET", f"{ALL}/{number}{more}").status_code == 404


def test_one_of_another_gallery_is_not_there(reader, gallery, first):
    gallery.pk, gallery.slug = None, "other"
    gallery.save()
    assert reader("GET", f"galleries/other/pictures/{first.pk}").status_code == 404
    assert reader("GET", f"galleries/other/pictures/{first.pk}/large.jpg").status_code == 404


def test_it_is_shown(reader, first):
    for size in ("small", "large"):
        told = reader("GET", f"{ALL}/{first.pk}/{size}.jpg")
        assert cv2.imdecode(np.frombuffer(told.content, np.uint8), cv2.IMREAD_COLOR).shape == (64, 64, 3)
        again = reader("GET", f"{ALL}/{first.pk}/{size}.jpg", headers={"If-None-Match": told["ETag"]})
        assert again.status_code == 304


def test_tags_come_and_go(program, first):
    assert program("PUT", f"{ALL}/{first.pk}/tags/sea").json()["tags"] == ["sea"]
    assert program("PUT", f"{ALL}/{first.pk}/tags/%E6%B5%B7%20%20a").json()["tags"] == ["sea", "海 a"]
    assert len(program("GET", f"{ALL}?tag=sea").json()["pictures"]) == 1
    assert program("DELETE", f"{ALL}/{first.pk}/tags/sea").json()["tags"] == ["海 a"]
    assert program("DELETE", f"{ALL}/{first.pk}/tags/sea").status_code == 200


def test_a_tag_that_is_none_is_refused(program, first):
    assert program("PUT", f"{ALL}/{first.pk}/tags/%20").status_code == 400
    assert program("PUT", f"{ALL}/{first.pk}/tags/{'a' * 101}").status_code == 400
    assert program("PUT", f"{ALL}/{first.pk}/tags/a%00b").status_code == 400


def test_who_may_only_read_may_not_tag(reader, first):
    assert reader("PUT", f"{ALL}/{first.pk}/tags/sea").status_code == 403 and not first.tags.exists()
