"""The search page in a browser: pictures sent in every way, crops, plus and minus, filters, scrolling, keys."""

import base64
import re

import drawn
import pytest

HAND_OVER = """([data, event]) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([bytes], "mine.jpg", { type: "image/jpeg" }));
  const given = { bubbles: true, cancelable: true };
  const target = document.querySelector("main");
  if (event === "paste") target.dispatchEvent(new ClipboardEvent("paste", { ...given, clipboardData: files }));
  else for (const name of ["dragenter", "dragover", "drop"])
    target.dispatchEvent(new DragEvent(name, { ...given, dataTransfer: files }));
}"""


@pytest.fixture
def green(tmp_path):
    """A picture of one's own that is in no gallery."""
    return drawn.draw(tmp_path / "mine.jpg", drawn.COLOURS["green"], seed=7)


@pytest.fixture
def asking(page):
    """The page of a gallery of 150 pictures, nothing asked."""
    page.goto("/g/colours/")
    return page


def classes(page, first=10):
    return page.locator("[data-tile] .category").all_text_contents()[:first]


def names(page):
    return page.locator("[data-tile] .path").all_text_contents()


def sent(page):
    page.wait_for_url(re.compile("like=u"))
    return page.locator(".part img")


def test_it_works(asking, green):
    asking.set_input_files("[data-upload] input[type=file]", green)
    assert sent(asking).count() == 1
    assert classes(asking) == ["green"] * 10


@pytest.mark.parametrize("event", ["paste", "drop"])
def test_pictures_are_pasted_and_dropped(asking, green, event):
    asking.evaluate(HAND_OVER, [base64.b64encode(green.read_bytes()).decode(), event])
    assert sent(asking).count() == 1 and classes(asking) == ["green"] * 10


def test_a_link_brings_the_same_answer(asking, green, context_of):
    asking.set_input_files("[data-upload] input[type=file]", green)
    sent(asking)
    other = context_of("ann").new_page()
    other.goto(asking.url)
    assert names(other) == names(asking)


def test_plus_and_minus(asking):
    green = asking.locator("[data-tile]", has_text="green/003.jpg")
    green.hover()
    green.locator("[data-key='+']").click()
    assert classes(asking) == ["green"] * 10
    asking.locator(".part .turn").click()
    assert asking.locator(".part.minus").count() == 1 and "green" not in classes(asking)
    asking.locator(".part .remove").click()
    assert asking.locator(".part").count() == 0


def test_more_like_this(asking):
    asking.locator("[data-tile]", has_text="green/003.jpg").locator("[data-key=m]").click(force=True)
    assert names(asking)[0] == "green/003.jpg" and classes(asking) == ["green"] * 10


def test_filters(asking):
    asking.locator("details.filters > summary").click()
    asking.fill("fieldset.filters input[name=class]:not([type=checkbox])", "red")
    asking.press("fieldset.filters input[name=class]:not([type=checkbox])", "Enter")
    assert set(classes(asking, 60)) == {"red"} and "50" in asking.locator(".told").inner_text()
    asking.fill("input[name=folder]", "blue")
    asking.press("input[name=folder]", "Enter")
    assert asking.locator("[data-tile]").count() == 0


def test_more_comes_as_one_scrolls(asking):
    tiles = asking.locator("[data-tile]")
    before = tiles.count()
    for _ in range(20):
        asking.mouse.wheel(0, 4000)
        asking.wait_for_timeout(50)
        if tiles.count() == 150:
            break
    assert before >= 60 and tiles.count() == 150 == len(set(names(asking)))
    assert asking.locator("a[data-more]").count() == 0


def test_a_result_large_by_keys_alone(asking):
    for _ in range(2):  # to the first, whatever has the focus; then to the second
        asking.keyboard.press("ArrowRight")
    asking.keyboard.press("Enter")
    title = asking.locator("dialog[data-viewer] h2")
    title.wait_for()
    seen = [title.inner_text()]
    asking.keyboard.press("ArrowRight")
    asking.locator("dialog[data-viewer] h2", has_not_text=seen[0]).wait_for()
    seen.append(title.inner_text())
    assert seen == names(asking)[1:3]
    asking.keyboard.press("Escape")
    assert not title.is_visible()
    asking.locator("[data-tile]:focus-within", has_text=seen[1]).wait_for()  # told of the closing in a task of its own
    asking.keyboard.press("m")
    asking.wait_for_url(re.compile("like="))
    assert names(asking)[0] == seen[1]
    asking.keyboard.press("ArrowRight")
    asking.locator("[data-tile]:focus-within", has_text=seen[1]).wait_for()


def test_arrows_go_from_row_to_row(asking):
    asking.locator("a[data-large]").first.focus()
    where = "[...document.querySelectorAll('a[data-large]')].indexOf(document.activeElement)"
    asking.keyboard.press("ArrowDown")
    columns = asking.evaluate(where)
    asking.keyboard.press("ArrowRight")
    asking.keyboard.press("ArrowDown")
    assert columns > 1 and asking.evaluate(where) == 2 * columns + 1
    asking.keyboard.press("Home")
    assert asking.evaluate(where) == 0


def box(page):
    """What the address says of the crop."""
    page.wait_for_url(re.compile(r"(%40|@)[\d.]+"))
    return [float(share) for share in re.search(r"(?:%40|@)([\d.%C,]+)", page.url)[1].replace("%2C", ",").split(",")]


def marking(page):
    """Wait for the picture of the dialog."""
    page.evaluate("document.querySelector('dialog[data-crop] img').decode()")


@pytest.fixture
def cropping(asking):
    """The dialog in which a part of a picture is marked, open."""
    asking.locator("[data-tile]", has_text="green/003.jpg").locator("[data-key=m]").click(force=True)
    asking.locator("[data-crop-picture]").first.click()
    marking(asking)
    return asking


def middle(page, x, y):
    frame = page.locator("dialog[data-crop] img").bounding_box()
    return frame["x"] + x * frame["width"], frame["y"] + y * frame["height"]


def test_a_crop_by_mouse(cropping):
    cropping.mouse.move(*middle(cropping, 0.25, 0.25))
    cropping.mouse.down()
    cropping.mouse.move(*middle(cropping, 0.6, 0.5))
    cropping.mouse.move(*middle(cropping, 0.75, 0.5))
    cropping.mouse.up()
    cropping.locator("[data-apply]").click()
    assert box(cropping) == pytest.approx([0.25, 0.25, 0.5, 0.25], abs=0.02)
    cropping.locator("[data-crop-picture]").first.click()
    cropping.locator("[data-whole]").click()
    cropping.wait_for_url(re.compile(r"like=\d+$"))


def test_a_crop_by_keys(cropping):
    for key in ("ArrowLeft", "ArrowUp", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowUp", "Enter"):
        cropping.keyboard.press(key)
    assert box(cropping) == pytest.approx([0.08, 0.08, 0.76, 0.78], abs=0.001)


def test_a_crop_by_finger(context_of):
    page = context_of(has_touch=True, viewport={"width": 390, "height": 800}, is_mobile=True).new_page()
    page.goto("/g/colours/?like=1")
    page.locator("[data-crop-picture]").first.click()
    marking(page)
    touch = page.context.new_cdp_session(page)
    for kind, *where in (("touchStart", 0.2, 0.2), ("touchMove", 0.5, 0.5), ("touchMove", 0.8, 0.6), ("touchEnd",)):
        points = [dict(zip("xy", middle(page, *where), strict=True))] if where else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    page.locator("[data-apply]").click()  # a tap that a busy machine stretches is a long press
    assert box(page) == pytest.approx([0.2, 0.2, 0.6, 0.4], abs=0.02)


def test_without_scripts_a_picture_still_searches(context_of, green):
    page = context_of(java_script_enabled=False).new_page()
    page.goto("/g/colours/")
    page.set_input_files("[data-upload] input[type=file]", green)
    page.locator("[data-upload] button").click()
    assert sent(page).count() == 1 and classes(page) == ["green"] * 10
    page.locator("a[data-more]").click()
    assert page.locator("[data-tile]").count() > 0
    page.locator("a[data-large]").first.click()
    assert page.locator("article.picture h2").count() == 1


def test_a_sentence(page):
    page.goto("/g/words/")
    page.keyboard.press("/")
    page.keyboard.type("a green picture")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=a"))
    assert names(page)[0] == "green.png" and len(names(page)) == 4
    page.fill("[name=q]", "a picture")
    page.fill("[name=not]", "a green picture")
    page.press("[name=not]", "Enter")
    page.wait_for_url(re.compile("not=a"))
    assert names(page)[-1] == "green.png"


def test_a_sentence_without_scripts(context_of):
    page = context_of("ann", java_script_enabled=False).new_page()
    page.goto("/g/words/")
    page.fill("[name=q]", "a blue picture")
    page.get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url(re.compile("q=a"))
    assert names(page)[0] == "blue.png"


def test_a_search_that_takes_long_says_so(page):
    page.goto("/g/colours/")
    line = page.locator("[data-searching]")
    assert not line.is_visible()
    page.route(re.compile(r"\?like="), lambda route: None)  # the answer never comes
    shown = page.evaluate("""async () => {
      document.querySelector("[data-key=m]").click();
      await new Promise((done) => setTimeout(done, 600));
      return [!document.querySelector("[data-searching]").hidden, document.querySelector("[data-found]").ariaBusy];
    }""")
    assert shown == [True, "true"]


def test_a_picture_that_is_shown_large_is_no_search(page):
    page.goto("/g/colours/")
    page.locator("a[data-large]").first.click()
    page.locator("dialog[data-viewer] h2").wait_for()
    page.wait_for_timeout(400)
    assert not page.locator("[data-searching]").is_visible()
