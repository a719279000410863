"""Exports: what the commands read is really read, and no name is lost or run by a spreadsheet."""

import csv
import io
import json

from django.urls import reverse

from datasets.images import folder, instances
from web.annotate import labels, pairs

ODD = ['\'-a, "b"', "中文", "=cmd|' /C calc'!A0", "-40 degrees", "x" * 200, "two; words"]


def got(browser, name):
    answer = browser.get(reverse("annotate:file", args=["colours", name]))
    assert answer.status_code == 200 and "attachment" in answer["Content-Disposition"]
    return b"".join(answer.streaming_content).decode()


def spread(gallery, user, names):
    """Gives four pictures to each of the names."""
    numbers = list(gallery.pictures.values_list("pk", flat=True))
    for place, name in enumerate(names):
        labels.assign(gallery, user, name, dict.fromkeys(numbers[4 * place : 4 * place + 4], 0))


def test_it_works(browser, gallery):
    assert browser.get(reverse("annotate:export", args=["colours"])).status_code == 200
    for name in ("labels.csv", "labels.json", "audit.csv"):
        assert got(browser, name)


def test_the_csv_is_what_a_training_reads(browser, gallery, user, tmp_path):
    spread(gallery, user, ODD)
    (tmp_path / "labels.csv").write_text(got(browser, "labels.csv"), encoding="utf-8")
    read = folder.load(tmp_path / "labels.csv")
    assert len(read) == 24 and len(read.train) == 20 and len(read.query) == 4
    assert set(read.class_names) == set(ODD)
    rows = csv.DictReader(io.StringIO((tmp_path / "labels.csv").read_text(encoding="utf-8")))
    assert not any(row["label"].startswith(("=", "-")) for row in rows)
    by_path = {one.path: one.label for one in gallery.pictures.all()}
    for image, label in zip(read.images, read.labels, strict=True):
        assert by_path[image.removeprefix(f"{gallery.source}/")] == read.class_names[label]


def test_files_that_are_gone_and_pictures_without_a_class_are_left_out(browser, gallery, user, photos, tmp_path):
    first, second = gallery.pictures.all()[:2]
    (photos / first.path).unlink()
    labels.reject(gallery, user, {second.pk: 0})
    (tmp_path / "labels.csv").write_text(got(browser, "labels.csv"), encoding="utf-8")
    assert len(folder.load(tmp_path / "labels.csv")) == 22


def test_nothing_to_export_is_told_in_one_line(browser, gallery, user):
    labels.reject(gallery, user, dict(gallery.pictures.values_list("pk", "revision")))
    for name in ("labels.csv", "instances.csv"):
        assert browser.get(reverse("annotate:file", args=["colours", name])).status_code == 400


def test_the_json_is_in_the_style_of_coco(browser, gallery, user):
    spread(gallery, user, ODD)
    found = json.loads(got(browser, "labels.json"))
    names = {one["id"]: one["name"] for one in found["categories"]}
    assert sorted(names.values()) == sorted(ODD)
    files = {one["id"]: one for one in found["images"]}
    assert len(files) == len(found["annotations"]) == 24
    for one in found["annotations"]:
        picture = gallery.pictures.get(pk=one["image_id"])
        assert names[one["category_id"]] == picture.label and files[picture.pk]["file_name"] == picture.path
        assert one["bbox"] == [0, 0, 64, 64] and one["area"] == 4096 and one["iscrowd"] == 0


def test_pairs_are_what_instances_reads(browser, gallery, user, tmp_path):
    a, b, c, d = gallery.pictures.values_list("pk", flat=True)[:4]
    for one, other in ((a, b), (c, d)):
        pairs.pair(gallery, user, one, other, "same")
    (tmp_path / "instances.csv").write_text(got(browser, "instances.csv"), encoding="utf-8")
    read = instances.load(tmp_path / "instances.csv")
    assert len(read) == 4 and len(read.class_names) == 2


def test_the_audit_tells_who_did_what_and_is_harmless(browser, gallery, user):
    spread(gallery, user, ODD[2:3])
    pairs.pair(gallery, user, *gallery.pictures.values_list("pk", flat=True)[:2], "same")
    rows = list(csv.DictReader(io.StringIO(got(browser, "audit.csv"))))
    assert [(row["who"], row["what"], row["after"]) for row in rows[:1] + rows[-1:]] == [
        ("ann", "assign", "'" + ODD[2]),
        ("ann", "pair", "same"),
    ]
    assert rows[0]["when"].endswith("+00:00") and rows[-1]["picture_2"]
    assert not any(cell[:1] in ("=", "+", "-", "@") for row in rows for cell in row.values())


def test_who_may_not_and_what_is_not_there(client, browser, gallery):
    assert browser.get(reverse("annotate:file", args=["colours", "passwords.csv"])).status_code == 404
    assert browser.post(reverse("annotate:file", args=["colours", "audit.csv"])).status_code == 405
    browser.logout()
    for name in ("labels.csv", "labels.json", "instances.csv", "audit.csv"):
        assert client.get(reverse("annotate:file", args=["colours", name])).status_code == 302
