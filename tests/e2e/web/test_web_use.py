"""Using the page: knobs, paste, share, a phone's width and fingers, keys."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from fake.page import Page
from fake.page_pictures import PICTURES, rgb
from fake.pictures import saved
from relume import io


def test_knobs_move_the_picture(page):
    page.give("odd.png", PICTURES["odd.png"]())
    plain = io.read(page.save("png")).pixels.mean()
    done = "() => document.getElementById('status').textContent.includes('done')"
    slide = "(range, value) => { range.value = value; range.dispatchEvent(new Event('input')) }"
    page.page.eval_on_selector("#knob-exposure", slide, "1")
    page.page.wait_for_selector("#save:disabled")
    page.page.wait_for_function(done, timeout=30_000)
    assert io.read(page.save("png")).pixels.mean() > plain + 5
    page.page.eval_on_selector("#knob-strength", slide, "0")
    page.page.wait_for_selector("#save:disabled")
    page.page.wait_for_function(done, timeout=30_000)
    lifted = io.read(page.save("png")).pixels.astype(int)
    assert np.abs(lifted - io.read(PICTURES["odd.png"]()).pixels).max() <= 1


def test_each_picture_keeps_its_own_settings(page):
    slide = "(range, value) => { range.value = value; range.dispatchEvent(new Event('input')) }"
    exposure = "() => document.getElementById('knob-exposure').value"
    page.give("first.png", saved(rgb(40, 50), "PNG"))
    standard = page.page.evaluate(exposure)
    page.page.eval_on_selector("#knob-exposure", slide, "1")
    page.page.wait_for_selector("#save:disabled")
    page.page.wait_for_selector("#save:enabled")
    page.give("second.png", saved(rgb(50, 40), "PNG"))
    assert page.page.evaluate(exposure) == standard
    page.page.get_by_role("button", name="first.png").click()
    opened(page, "first.png")
    assert page.page.evaluate(exposure) == "1"
    page.page.click("#reset")
    assert page.page.evaluate(exposure) == standard
    page.page.wait_for_selector("#save:enabled")


def opened(page, name: str) -> None:
    said = "name => document.getElementById('status').textContent.startsWith(`${name}: `)"
    page.page.wait_for_function(said, arg=name, timeout=60_000)


def test_a_picture_may_be_pasted(page):
    text = base64.b64encode(PICTURES["odd.png"]()).decode()
    page.page.evaluate(
        """(text) => {
            const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0))
            const clipboardData = new DataTransfer()
            clipboardData.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }))
            dispatchEvent(new ClipboardEvent('paste', { clipboardData }))
        }""",
        text,
    )
    opened(page, "pasted.png")


def test_other_apps_may_share_pictures(page):
    """As on a phone: a form goes to the address of the manifest, whose answer leads to ?shared."""
    page.page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    page.open()  # from now on the service worker answers
    text = base64.b64encode(PICTURES["plain.jpg"]()).decode()
    page.page.evaluate(
        """async (text) => {
            const place = document.querySelector('[rel=manifest]').href
            const { action, params } = (await (await fetch(place)).json()).share_target
            const form = new FormData()
            const bytes = Uint8Array.from(atob(text), (one) => one.charCodeAt(0))
            const file = new File([bytes], 'é 1.jpg', { type: 'image/jpeg' })
            form.append(params.files[0].name, file)
            await fetch(action, { method: 'POST', body: form })
        }""",
        text,
    )
    page.page.goto(f"{page.address}?shared")
    opened(page, "é 1.jpg")
    page.page.goto(f"{page.address}?shared")  # and only once
    page.page.wait_for_selector("body[data-state=ready]")
    assert (
        page.page.evaluate("async () => (await (await caches.open('shared')).keys()).length") == 0
    )


@pytest.fixture
def phone(page):
    """The page on a narrow screen that is touched, with a picture in it."""
    sizes = {"width": 360, "height": 640}
    context = page.context.browser.new_context(viewport=sizes, has_touch=True, is_mobile=True)
    try:
        phone = Page(context, page.address)
        phone.give("odd.png", PICTURES["odd.png"]())
        yield phone
    finally:
        context.close()


def test_a_phone_s_width_and_fingers_are_enough(phone):
    wide = "() => document.documentElement.scrollWidth"
    assert phone.page.evaluate(wide) <= 360
    phone.page.wait_for_selector("#save:enabled")
    for name in ("#choose + span", "#save", ".tools button"):
        assert phone.page.locator(name).first.is_visible()
    scale = ".tools output"
    before = phone.page.inner_text(scale)
    phone.page.locator("[data-act=more]").tap()
    assert phone.page.inner_text(scale) != before
    phone.page.locator("#knob-exposure").tap()
    small = phone.page.evaluate(
        "() => [...document.querySelectorAll('button, select, label.button')]"
        ".filter((each) => each.offsetHeight && each.offsetHeight < 24).length"
    )
    assert small == 0  # WCAG 2.2, target size
    assert phone.errors == []


def swipe(phone: Page, *, across: int = 0, down: int = 0) -> None:
    """Move a finger over the picture, as input to the browser, which then scrolls or does not."""
    box = phone.page.locator(".view").bounding_box()
    x, y = box["x"] + box["width"] / 3, box["y"] + box["height"] / 2
    devtools = phone.context.new_cdp_session(phone.page)
    steps = [{"x": x + across * step / 10, "y": y + down * step / 10} for step in range(11)]
    for kind, points in [
        ("touchStart", steps[:1]),
        *(("touchMove", [step]) for step in steps[1:]),
        ("touchEnd", []),
    ]:
        devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
        phone.page.wait_for_timeout(20)
    devtools.detach()


def test_a_finger_on_the_picture_scrolls_the_page_unless_it_is_enlarged(phone):
    scrolled, divided = "() => scrollY", "() => document.querySelector('.tools input').value"
    swipe(phone, down=-120)
    phone.page.wait_for_function("() => scrollY > 60")
    assert phone.page.evaluate(divided) == "50"
    swipe(phone, across=-80)
    assert 0 < int(phone.page.evaluate(divided)) < 20
    phone.page.locator("[data-act=whole]").tap()
    phone.page.locator("[data-act=more]").tap()
    for _ in range(8):
        phone.page.locator("[data-act=more]").tap()
    place = "() => document.querySelector('.view img').style.transform"
    before, at = phone.page.evaluate(place), phone.page.evaluate(scrolled)
    swipe(phone, down=-60)
    assert phone.page.evaluate(place) != before
    assert phone.page.evaluate(scrolled) == at
    phone.page.locator("[data-act=fit]").tap()
    box = phone.page.locator(".view").bounding_box()
    phone.page.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert phone.page.evaluate(divided) == "25"
    assert phone.errors == []


def test_nothing_serious_for_those_who_see_or_move_less(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.give("odd.png", PICTURES["odd.png"]())
    found = axe.Axe().run(page.page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_what_is_saved_is_what_was_shown_when_it_was_asked_for(page):
    """A PNG is written row by row; knobs that move meanwhile do not reach into it."""
    data = saved(rgb(90, 120).repeat(10, 0).repeat(10, 1), "PNG")
    page.give("steady.png", data)
    page.enhance()
    plain = page.save("png")
    page.page.wait_for_selector("#save:enabled")
    slide = "(range, value) => { range.value = value; range.dispatchEvent(new Event('input')) }"
    with page.page.expect_download() as found:
        page.page.click("#save")
        page.page.eval_on_selector("#knob-exposure", slide, "1")
    assert Path(found.value.path()).read_bytes() == plain
    page.page.wait_for_selector("#save:enabled", timeout=60_000)
    assert page.save("png") != plain
    page.page.click("#reset")


def test_opened_as_a_file_it_says_what_to_do(page, built):
    tab = page.context.new_page()
    try:
        tab.goto((built / "index.html").as_uri())
        words = "() => document.getElementById('status').textContent.includes('http.server')"
        tab.wait_for_function(words, timeout=30_000)
    finally:
        tab.close()
