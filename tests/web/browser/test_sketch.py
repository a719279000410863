"""Sketches in a browser: drawn, drawn on, sent, and searched with."""

import re

import drawn
import pytest

# The first and last row of a picture with dark pixels, as shares of its height.
DARK_ROWS = """async (address) => {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const { naturalWidth: width, naturalHeight: height } = picture;
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  pen.drawImage(picture, 0, 0);
  const pixels = pen.getImageData(0, 0, width, height).data;
  const rows = [];
  for (let place = 0; place < pixels.length; place += 4)
    if (pixels[place] < 128) rows.push(Math.floor(place / 4 / width));
  return [rows[0] / height, rows.at(-1) / height];
}"""


def a_line(page, height):
    """Draw a level line at that share of the height of the canvas."""
    box = page.locator("dialog[data-draw-dialog] canvas").bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + height * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + height * box["height"], steps=5)
    page.mouse.up()


def test_a_sketch_is_drawn(page):
    page.goto("/g/sketched/")
    page.get_by_role("button", name="Draw a sketch").click()
    search = page.get_by_role("button", name="Search with this sketch")
    assert search.is_disabled()  # nothing is drawn yet
    for height in (0.3, 0.6):
        a_line(page, height)
    page.keyboard.press("Control+z")
    search.click()
    page.wait_for_url(re.compile("like=s[0-9a-f]{32}"))
    assert page.locator("[data-tile]").count() == 12 and page.locator(".part img").count() == 1
    dark = page.evaluate(DARK_ROWS, page.locator(".part img").get_attribute("src"))
    assert dark[0] > 0.26 and dark[1] < 0.34  # one line, of two that were drawn


def test_a_sketch_is_drawn_on_and_takes_its_own_place(page):
    page.goto("/g/sketched/")
    page.get_by_role("button", name="Draw a sketch").click()
    a_line(page, 0.3)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Draw a sketch").click()  # what was drawn is still there
    page.get_by_role("button", name="Search with this sketch").click()
    page.wait_for_url(re.compile("like=s[0-9a-f]{32}"))
    before = page.url
    page.locator(".part .turn").click()
    page.get_by_role("button", name="Draw on").click()
    page.wait_for_function("!document.querySelector('dialog[data-draw-dialog] [data-apply]').disabled")
    a_line(page, 0.7)
    page.get_by_role("button", name="Search with this sketch").click()
    page.wait_for_url(lambda url: "unlike=s" in url and url.partition("=")[2] != before.partition("=")[2])
    assert page.locator(".part.minus").count() == 1 and page.locator(".part").count() == 1
    dark = page.evaluate(DARK_ROWS, page.locator(".part img").get_attribute("src"))
    assert dark[0] < 0.34 and dark[1] > 0.66


def test_the_pen_is_as_wide_as_the_network_can_see(page):
    page.goto("/g/sketched/")
    wide = page.evaluate("""async () => {
      const { wide } = await import(document.querySelector("link[href*='draw']").href);
      return [wide(512, +document.querySelector("dialog canvas").dataset.sees), wide(512, 224), wide(512, 32)];
    }""")
    assert wide[0] > 6 and wide[1] == 6 and wide[2] == pytest.approx(20.8)


def test_a_sketch_is_sent(page, tmp_path):
    page.goto("/g/sketched/")
    page.get_by_label("they are sketches").check()
    page.set_input_files("[data-upload] input[type=file]", drawn.draw(tmp_path / "mine.jpg", (0, 0, 0), seed=1))
    page.wait_for_url(re.compile("like=s"))


def test_where_no_sketch_can_ask_none_is_drawn(page):
    page.goto("/g/colours/")
    assert page.get_by_role("button", name="Draw a sketch").count() == 0
