"""Galleries and jobs by programs."""

import pytest

from web.galleries.models import Gallery, Job


def test_it_works(reader, gallery):
    told = reader("GET", "galleries").json()["galleries"]
    assert [one["slug"] for one in told] == ["colours"]
    assert told[0]["pictures"] == 24 and told[0]["ready"] and told[0]["dim"] == gallery.active.dim
    assert reader("GET", "galleries/colours").json() == told[0]


def test_a_list_takes_no_query_for_each_gallery(reader, gallery, django_assert_num_queries):
    for number in range(3):
        Gallery.objects.create(slug=f"more-{number}", name="More", active=gallery.active)
    reader("GET", "galleries")
    with django_assert_num_queries(2):
        assert len(reader("GET", "galleries").json()["galleries"]) == 4


def test_one_is_added_and_embedded(manager, photos, encoder, settings, tmp_path):
    settings.DATA = tmp_path / "web"
    told = manager("POST", "galleries", {"source": str(photos), "model": encoder.path, "name": "My photos"})
    assert told.status_code == 202 and told.json()["gallery"] == "my-photos" and told.json()["state"] == "waiting"
    assert not manager("GET", "galleries/my-photos").json()["ready"]
    from web.galleries.work import running

    running.run(told.json()["job"])
    assert manager("GET", f"jobs/{told.json()['job']}").json()["state"] == "done"
    its = manager("GET", "galleries/my-photos").json()
    assert its["ready"] and its["pictures"] == 24


@pytest.mark.parametrize(
    "body, words",
    [
        ({}, "source: must be given"),
        ({"source": "/nowhere", "model": "{model}"}, "/nowhere"),
        ({"source": "{photos}", "model": "/nowhere.onnx"}, "/nowhere.onnx"),
        ({"source": "{photos}", "run": "/nowhere"}, "/nowhere"),
        ({"source": "{photos}", "run": "a", "model": "b"}, "network"),
        ({"source": "a\0b", "model": "{model}"}, "source: must be Unicode"),
    ],
)
def test_what_cannot_be_added_is_refused(manager, photos, encoder, body, words):
    filled = {name: text.format(photos=photos, model=encoder.path) for name, text in body.items()}
    told = manager("POST", "galleries", filled)
    assert told.status_code == 400 and words in told.json()["detail"] and not Gallery.objects.exists()


def test_one_is_refreshed_by_one_job_at_a_time(manager, gallery):
    first = manager("POST", "galleries/colours/refresh")
    assert first.status_code == 202 and first.json()["kind"] == "refresh"
    assert manager("POST", "galleries/colours/refresh").json()["job"] == first.json()["job"]
    assert [one["job"] for one in manager("GET", "galleries/colours/jobs").json()["jobs"]] == [first.json()["job"]]


def test_a_job_is_stopped_and_gone_on_with(manager, gallery):
    number = manager("POST", "galleries/colours/refresh").json()["job"]
    assert manager("POST", f"jobs/{number}/go-on").status_code == 400
    assert manager("POST", f"jobs/{number}/stop").json()["state"] == "stopped"
    assert manager("POST", f"jobs/{number}/go-on").json()["state"] == "waiting"


def test_one_is_removed_and_its_pictures_stay(manager, gallery, photos):
    assert manager("DELETE", "galleries/colours").status_code == 204
    assert not Gallery.objects.exists() and len(list(photos.rglob("*.jpg"))) == 24


def test_what_is_not_there(manager, gallery):
    for method, address in (
        ("GET", "galleries/nothing"),
        ("DELETE", "galleries/nothing"),
        ("POST", "galleries/nothing/refresh"),
        ("GET", "galleries/nothing/jobs"),
        ("GET", "jobs/999"),
        ("POST", f"jobs/{'9' * 30}/stop"),
    ):
        assert manager(method, address).status_code == 404, address


def test_who_may_only_annotate_may_not(program, gallery, photos, encoder):
    assert program("POST", "galleries", {"source": str(photos), "model": encoder.path}).status_code == 403
    assert program("DELETE", "galleries/colours").status_code == 403
    assert program("POST", "galleries/colours/refresh").status_code == 403
    assert Gallery.objects.exists()


def test_a_token_that_manages_is_of_no_use_to_who_does_no_more(manager, staff, gallery):
    staff.is_staff = False
    staff.save()
    assert manager("DELETE", "galleries/colours").status_code == 403
    assert manager("GET", "galleries").status_code == 200


def test_what_a_job_says_of_files_is_for_who_manages(manager, reader, gallery):
    job = Job.objects.create(gallery=gallery, kind="refresh", state="failed", message="/srv/photos holds no picture")
    for who, said in ((reader, ""), (manager, job.message)):
        (listed,) = who("GET", "galleries/colours/jobs").json()["jobs"]
        assert listed == who("GET", f"jobs/{job.pk}").json() and listed["message"] == said
