"""Annotating in a browser: rows sorted by keyboard alone, undone and redone, pairs, and two people at one row."""

import csv
import io
import json

import pytest

expect = pytest.importorskip("playwright.sync_api").expect

HERE = "/g/annotated/annotate/"
TILES, FOCUSED = "form.sorted >> nth=0 >> [data-tile]", "[data-tile]:focus-within"


def saved(page, words):
    page.locator("[data-told]", has_text=words).wait_for()


def labelled(page, name):
    """How many pictures the page of a class counts, 0 where there is none."""
    answer = page.request.get(f"{HERE}class/?name={name}")
    return answer.text().count('class="pick"') if answer.ok else 0


def exported(page, name):
    """The words of a file of the page of exports, as the browser saves it."""
    page.goto(f"{HERE}export/")
    with page.expect_download() as download:
        page.get_by_role("link", name=name).click()
    assert download.value.suggested_filename.endswith(name)
    with open(download.value.path(), encoding="utf-8-sig", newline="") as file:
        return file.read()


@pytest.fixture
def sorting(page):
    """The page of rows with proposals; what is changed is undone in the end."""
    page.goto(f"{HERE}?among=unsorted")
    page.click("form.among button")
    page.wait_for_selector("form.sorted")
    yield page
    page.goto(HERE)
    while page.locator("form[data-undo] button").is_enabled():
        with page.expect_response("**/change/"):
            page.click("form[data-undo] button")
        page.reload()


def test_it_works_by_keyboard_alone(sorting):
    page = sorting
    rows, first = page.locator("form.sorted").count(), page.locator(TILES).count()
    assert page.locator(FOCUSED).count() == 1
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "name"
    page.keyboard.type("sky")
    page.keyboard.press("Enter")
    saved(page, "are sky now")
    assert page.locator(TILES).count() == 1 and labelled(page, "sky") == first - 1
    assert page.locator("form.sorted >> nth=1 >> [data-tile] >> nth=0").locator(":focus").count() == 1
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    saved(page, "no pictures are chosen")
    page.keyboard.press("j")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    saved(page, "of no class")
    page.keyboard.press("u")
    saved(page, "undone")
    page.keyboard.press("u")
    saved(page, f"{first - 1} undone")
    assert page.locator("form.sorted").count() == rows and page.locator(TILES).count() == first
    assert labelled(page, "sky") == 0
    page.keyboard.press("Shift+U")
    saved(page, "done again")
    assert labelled(page, "sky") == first - 1


def test_two_people_at_one_row_the_second_is_told_and_loses_nothing(sorting, context_of):
    bob = context_of("bob").new_page()
    bob.goto(f"{HERE}?among=unsorted")
    count = sorting.locator(TILES).count()
    sorting.locator("form.sorted >> nth=0 >> input[name=name]").fill("sea")
    sorting.keyboard.press("Enter")
    saved(sorting, "are sea now")
    bob.locator("form.sorted >> nth=0 >> input[name=name]").fill("lake")
    bob.keyboard.press("Enter")
    saved(bob, "Somebody was faster")
    context_of.faults.clear()  # the browser calls an answer of 409 an error
    assert bob.locator(".clash").count() == count and labelled(bob, "sea") == count
    assert "sue made" in bob.locator(".clashing").first.inner_text()
    bob.keyboard.press("Enter")
    saved(bob, "are lake now")
    assert labelled(bob, "lake") == count
    bob.keyboard.press("Escape")
    bob.click("form[data-undo] button")
    saved(bob, "undone")
    assert labelled(bob, "sea") == count


def test_what_cannot_be_saved_stands_and_is_told(sorting, context_of):
    page = sorting
    count = page.locator(TILES).count()
    page.route("**/change/", lambda route: route.abort())
    page.locator("form.sorted >> nth=0 >> input[name=name]").fill("sky")
    page.keyboard.press("Enter")
    saved(page, "Not saved")
    context_of.faults.clear()
    assert page.locator(TILES).count() == count
    assert page.locator("form.sorted >> nth=0 >> input[name=name]").input_value() == "sky"
    page.unroute("**/change/")
    page.keyboard.press("Enter")
    saved(page, "are sky now")


def test_a_class_is_renamed_split_and_merged(page):
    page.goto(f"{HERE}class/?name=red")
    page.keyboard.press("r")
    page.keyboard.type("crimson")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=8 pictures are crimson now")
    page.click("ul.classes a:has-text('crimson')")
    page.locator(FOCUSED).wait_for()  # keys count from then on
    for _ in range(3):
        page.keyboard.press("Space")
        page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    page.keyboard.type("dark")
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    saved(page, "3 pictures are dark now")
    page.goto(f"{HERE}class/?name=dark")
    page.keyboard.press("g")
    page.keyboard.type("crimson")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=3 pictures are crimson now")
    for _ in range(3):
        with page.expect_response("**/change/"):
            page.keyboard.press("u")
    assert labelled(page, "red") == 8


def test_what_was_sorted_is_exported(sorting):
    page = sorting
    count = page.locator(TILES).count()
    page.locator("form.sorted >> nth=0 >> input[name=name]").fill("sky")
    page.keyboard.press("Enter")
    saved(page, "are sky now")
    labels = list(csv.DictReader(io.StringIO(exported(page, "labels.csv"))))
    assert [row["label"] for row in labels].count("sky") == count
    coco = json.loads(exported(page, "labels.json"))
    sky = next(one["id"] for one in coco["categories"] if one["name"] == "sky")
    assert sum(one["category_id"] == sky for one in coco["annotations"]) == count
    audit = list(csv.DictReader(io.StringIO(exported(page, "audit.csv"))))
    assert any("sue" in row.values() and "sky" in row.values() for row in audit)


def test_pairs(page):
    page.goto(f"{HERE}pairs/")
    count = page.locator("form.pair").count()
    page.keyboard.press("s")
    saved(page, "written down")
    page.keyboard.press("d")
    expect(page.locator("form.pair")).to_have_count(count - 2)
    page.reload()
    assert page.locator(".told-pair").count() == 2
    page.keyboard.press("u")
    saved(page, "undone")
    assert page.locator(".told-pair").count() == 1


def test_without_javascript(context_of):
    page = context_of("ann", java_script_enabled=False).new_page()
    page.goto(f"{HERE}class/?name=green")
    page.locator("form.sorted input[type=checkbox]").nth(0).check()
    page.fill("form.sorted input[name=name]", "leaf")
    page.click("form.sorted button[value=assign]")
    assert "1 picture is leaf now" in page.locator(".message").inner_text()
    page.click("form[data-undo] button")
    assert "1 undone" in page.locator(".message").inner_text()
