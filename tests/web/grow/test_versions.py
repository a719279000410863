"""Versions of a gallery: begun, embedded beside the one that answers, switched to and back, removed."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from datasets.errors import InputError
from web.galleries.models import Job, Version
from web.grow import upgrade, versions
from web.grow.models import Comparison, Entry
from web.search.answer import answer
from web.search.question import Part, Question
from web.serving.network import Spec


def test_an_upgrade_is_embedded_and_compared_while_the_old_one_answers(gallery, upgraded):
    gallery.refresh_from_db()
    assert gallery.active.number == 1 and upgraded.state == "ready" and upgraded.number == 2
    found = Comparison.objects.get(version=upgraded)
    assert found.before == gallery.active and found.queries == 24 and found.among == 24
    assert [name for name, _, _ in found.scores] == ["recall@1", "recall@5", "recall@10", "mAP@100"]
    assert all(0 <= share <= 1 for _, *both in found.scores for share in both)
    assert "nobody knows" in found.told


def test_a_switch_and_back_are_in_the_log_with_who_and_when(gallery, upgraded, staff):
    first = gallery.active
    versions.switch(gallery, upgraded, staff)
    gallery.refresh_from_db()
    assert gallery.active == upgraded and versions.back_to(gallery) == first
    versions.switch(gallery, first, staff)
    gallery.refresh_from_db()
    assert gallery.active == first
    told = [(entry.kind, entry.before, entry.after, entry.name) for entry in gallery.growth.all()[:2]]
    assert told == [("back", 2, 1, "sue"), ("switch", 1, 2, "sue")]
    assert all(timezone.now() - entry.at < timedelta(minutes=1) for entry in gallery.growth.all())
    staff.delete()
    assert gallery.growth.first().name == "sue"


def test_what_cannot_be_switched_to_is_told(gallery, upgraded, staff):
    with pytest.raises(InputError, match="answers already"):
        versions.switch(gallery, gallery.active, staff)
    Version.objects.filter(pk=upgraded.pk).update(state="new", snapshot=0)
    with pytest.raises(InputError, match="not embedded yet"):
        versions.switch(gallery, upgraded, staff)


def test_two_upgrades_at_once_are_two_versions_and_one_network_is_one(gallery, other, upgraded, encoder, tmp_path):
    with pytest.raises(InputError, match="version 2 is of this network already"):
        upgrade.begin(gallery, other, None)
    with pytest.raises(InputError, match="version 1 is of this network already"):
        upgrade.begin(gallery, encoder, None)
    third = upgrade.begin(gallery, Spec("onnx", path=str(tmp_path / "not-there.onnx")), None)
    assert third.number == 3 and third.jobs.get().state == Job.State.WAITING


def test_a_version_that_answers_or_did_just_now_stays(gallery, upgraded, staff):
    with pytest.raises(InputError, match="answers searches"):
        versions.remove(gallery.active, staff)
    first = gallery.active
    versions.switch(gallery, upgraded, staff)
    with pytest.raises(InputError, match="a moment ago"):
        versions.remove(first, staff)
    Entry.objects.update(at=timezone.now() - timedelta(minutes=1))
    folder = first.folder
    versions.remove(first, staff)
    assert not folder.exists() and not gallery.versions.filter(number=1).exists()
    assert gallery.growth.first().kind == "removal" and versions.back_to(gallery) is None
    assert Comparison.objects.get(version=upgraded).before is None


def test_a_number_is_never_given_twice(gallery, upgraded, staff, tmp_path):
    versions.remove(upgraded, staff)
    assert upgrade.begin(gallery, Spec("onnx", path=str(tmp_path / "third.onnx")), staff).number == 3


def test_one_that_is_being_embedded_is_stopped_first(gallery, other, staff):
    version = upgrade.begin(gallery, other, staff)
    with pytest.raises(InputError, match="stop its job"):
        versions.remove(version, staff)


def test_searches_go_on_while_others_switch(transactional_db, gallery, upgraded):
    """Every answer is wholly of one version: its scores are those that this version gives."""
    asked = gallery.pictures.first().pk
    question, first = Question([Part("picture", asked)]), gallery.active
    whole = {}
    for version in (first, upgraded):
        gallery.active = version
        whole[version.number] = hits(answer(gallery, question, count=24))
    assert whole[1] != whole[2]
    stop, found, wrong = threading.Event(), [], []

    def search():
        try:
            while not stop.is_set():
                found.append(hits(answer(type(gallery).objects.get(pk=gallery.pk), question, count=24)))
        except Exception as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    for version in (upgraded, first) * 10:
        versions.switch(gallery, version, None)
        before = len(found)
        while len(found) < before + 4 and not wrong:
            pass
    stop.set()
    for thread in threads:
        thread.join()
    assert not wrong and {number for number, hit in whole.items() if hit in found} == {1, 2}
    assert all(each in whole.values() for each in found)


def hits(found):
    return [(hit.picture, round(hit.score, 4)) for hit in found.hits]


def test_no_version_is_removed_under_a_refresh_which_embeds_it_too(gallery, upgraded, staff):
    job = Job.objects.create(gallery=gallery, kind="refresh", state=Job.State.RUNNING)
    with pytest.raises(InputError, match="is being embedded: stop its job first"):
        versions.remove(upgraded, staff)
    job.delete()
    versions.remove(upgraded, staff)
    assert not Version.objects.filter(pk=upgraded.pk).exists()


def test_the_first_version_that_is_ready_does_not_undo_a_switch(gallery, upgraded, staff):
    """A job knows the gallery as it was when it began."""
    from web.galleries.work import embed
    from web.serving import network

    stale = Version.objects.select_related("gallery").get(pk=upgraded.pk)
    stale.gallery.active = None
    there = embed._there(stale)
    vectors = embed._kept(stale, network.opened(stale.spec))
    embed._publish(stale, network.opened(stale.spec), there, vectors)
    gallery.refresh_from_db()
    assert gallery.active.number == 1
