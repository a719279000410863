"""The frame of all pages in a browser: signing in, languages, the keyboard, narrow and wide, light and dark."""

ADDRESSES = (
    *("/", "/add/", "/galleries/colours/", "/galleries/colours/remove/", "/api/v1/"),
    *("/accounts/", "/accounts/password/", "/accounts/people/", "/accounts/tokens/"),
    *("/g/colours/", "/g/colours/?like=1&unlike=60&rerank=geometry", "/g/colours/pictures/1/", "/g/words/"),
    *("/g/grown/grow/", "/g/grown/grow/versions/1/"),
    *(f"/g/annotated/annotate/{page}" for page in ("", "classes/", "class/?name=red", "pairs/", "history/", "export/")),
)


def test_it_works(context_of):
    page = context_of("").new_page()
    page.goto("/")
    assert "/accounts/login/" in page.url
    page.get_by_role("button", name="中文").click()
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    page.get_by_role("button", name="English").click()
    page.fill("[name=username]", "ann")
    page.fill("[name=password]", "of-tests-alone")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("/")
    page.get_by_role("button", name="Sign out").click()
    assert "/accounts/login/" in page.url


def test_the_first_tab_skips_to_the_content(page):
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"


def test_no_page_is_wider_than_a_narrow_window(context_of):
    page = context_of(viewport={"width": 360, "height": 640}).new_page()
    for address in ADDRESSES:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, address


def test_dark_and_light_differ(context_of):
    papers = set()
    for scheme in ("light", "dark"):
        page = context_of(color_scheme=scheme).new_page()
        page.goto("/")
        papers.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(papers) == 2


def test_faults_of_a_page_are_seen(context_of):
    """What fails the other tests: an error on the console."""
    page = context_of().new_page()
    page.goto("/")
    page.evaluate("console.error('planted')")
    assert any("planted" in fault for fault in context_of.faults)
    context_of.faults.clear()


def test_nothing_of_a_table_is_beyond_the_edge_of_a_telephone(context_of):
    page = context_of(viewport={"width": 390, "height": 800}).new_page()
    page.goto("/g/annotated/annotate/classes/")
    page.locator("ul.classes a").first.click()
    page.get_by_label("New name").fill("another_long_name_of_a_class_of_pictures")
    page.get_by_role("button", name="Rename").click()
    page.goto("/g/annotated/annotate/history/")
    undo = page.locator("table").get_by_role("button", name="Undo").first
    box = undo.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert page.locator("[data-name=From]").first.is_visible()
    undo.click()
    for table in ("/g/annotated/annotate/history/", "/g/annotated/grow/"):
        page.goto(table)
        assert page.evaluate(
            "document.querySelector('.scrolls').scrollWidth <= document.querySelector('.scrolls').clientWidth"
        )
