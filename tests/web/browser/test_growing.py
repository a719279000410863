"""Growing in a browser: an upgrade to another network, seen side by side, switched to and back; searches go on."""

import time

HERE = "/g/grown/grow/"


def finds(page):
    page.goto("/g/grown/?q=&like=" + first(page))
    return page.locator("[data-tile] .score").all_text_contents()


def first(page):
    page.goto("/g/grown/")
    return page.locator("[data-tile]").first.get_attribute("data-picture")


def button(page, words, patience=60):
    """A button that comes when a job in another process is done."""
    end = time.monotonic() + patience
    found = page.get_by_role("button", name=words)
    while not found.count() and time.monotonic() < end:
        page.goto(HERE)
    return found.first


def test_it_works(page, folder):
    before = finds(page)
    page.goto(HERE)
    page.fill("[name=model]", str(folder / "other.onnx"))
    page.get_by_role("button", name="Upgrade", exact=True).click()
    button(page, "Switch to this version")
    assert finds(page) == before  # the old one answers until somebody says so
    button(page, "Switch to this version").click()
    after = finds(page)
    assert len(after) == len(before) and after != before
    page.goto(HERE)
    button(page, "Go back to this version").click()
    assert finds(page) == before
    page.goto(HERE)
    page.get_by_role("link", name="2", exact=True).click()
    assert page.get_by_role("heading", name="Side by side").count() == 1


def test_train_again_writes_a_command(page):
    page.goto(HERE)
    page.get_by_role("button", name="Write the command").click()
    assert "train_margin.py" in page.locator("pre").first.inner_text()


def test_who_does_not_manage_galleries_sees_none_of_it(context_of):
    page = context_of("ann").new_page()
    page.goto("/g/grown/")
    assert page.locator("nav.site a", has_text="Grow").count() == 0
