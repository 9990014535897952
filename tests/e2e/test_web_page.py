"""The page without a server, in a browser: the same pictures as in Python, and nothing leaves."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fake import page as fake_page
from fake.night import night
from fake.page import Page
from fake.pictures import exif, saved, srgb_profile, xmp
from fake.primaries import ADOBE_RGB, DISPLAY_P3, profile
from relume import io
from relume.runtime import Enhancer

MARK = b"Exif\0\0"
"""What begins EXIF in a JPEG."""

P3 = profile(DISPLAY_P3, gamma=2.2, name="Display P3")
ADOBE = profile(ADOBE_RGB, gamma=2.2, name="Adobe RGB")


def rgb(height: int, width: int, seed: int = 7) -> np.ndarray:
    return np.rint(night(height, width, seed=seed) * 255).astype(np.uint8)


def clear(height: int, width: int) -> np.ndarray:
    """A picture whose alpha goes from 0 to 255."""
    alpha = np.linspace(0, 255, height * width).reshape(height, width, 1).astype(np.uint8)
    return np.concatenate((rgb(height, width), alpha), axis=2)


def half_bright() -> np.ndarray:
    image = rgb(420, 90)
    image[:250] = 200
    return image


def gray_jpeg(**options: object) -> bytes:
    return saved(rgb(67, 43)[..., 1], "JPEG", quality=90, **options)


PICTURES: dict[str, Callable[[], bytes]] = {
    "one.png": lambda: saved(rgb(1, 1), "PNG"),
    "row.png": lambda: saved(rgb(1, 90), "PNG"),
    "column.png": lambda: saved(rgb(90, 1), "PNG"),
    "odd.png": lambda: saved(rgb(83, 61), "PNG"),
    "wide.png": lambda: saved(rgb(40, 1301), "PNG"),
    "half.png": lambda: saved(half_bright(), "PNG"),
    "white.png": lambda: saved(np.full((30, 50, 3), 255, np.uint8), "PNG"),
    "black.png": lambda: saved(np.zeros((30, 50, 3), np.uint8), "PNG"),
    "gray.png": lambda: saved(rgb(67, 43)[..., 1], "PNG"),
    "palette.png": lambda: saved(Image.fromarray(rgb(40, 50)).quantize(16), "PNG"),
    "alpha.png": lambda: saved(clear(60, 70), "PNG"),
    "p3.png": lambda: saved(rgb(50, 70), "PNG", icc_profile=P3, exif=exif()),
    "plain.jpg": lambda: saved(rgb(121, 97), "JPEG", quality=92),
    "full.jpg": lambda: saved(rgb(64, 64), "JPEG", quality=95, subsampling=0),
    "progressive.jpg": lambda: saved(rgb(77, 130), "JPEG", progressive=True),
    "gray.jpg": gray_jpeg,
    "turned.jpg": lambda: saved(rgb(20, 31), "JPEG", exif=MARK + exif(6), xmp=xmp(6)),
    "turned.webp": lambda: saved(rgb(20, 31), "WEBP", lossless=True, exif=exif(5)),
    "turned.png": lambda: saved(clear(20, 31), "PNG", exif=exif(8)),
    "p3.jpg": lambda: saved(rgb(90, 120), "JPEG", icc_profile=P3, exif=MARK + exif()),
    "adobe.jpg": lambda: saved(rgb(60, 80), "JPEG", icc_profile=ADOBE, xmp=xmp()),
    "srgb.webp": lambda: saved(rgb(50, 60), "WEBP", lossless=True, icc_profile=srgb_profile()),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("page") / "dist"
    print(fake_page.build(out))
    return out


@pytest.fixture(scope="module")
def page(built):
    with fake_page.served(built) as address, fake_page.browser() as browser:
        yield Page(browser.new_context(accept_downloads=True), address)


@pytest.fixture(scope="module")
def enhancer():
    """What the command does when it is told to use `relume`."""
    return Enhancer("relume")


@pytest.mark.parametrize("name", PICTURES)
def test_pixels_are_those_of_the_command(page, enhancer, name):
    data = PICTURES[name]()
    photo = io.read(data)
    wanted = enhancer.photo(photo).photo.pixels
    page.give(name, data)
    page.enhance()
    found = io.read(page.save("png"))
    assert found.pixels.shape == wanted.shape
    assert np.abs(found.pixels.astype(int) - wanted).max() <= 1
    if photo.alpha is None:
        assert found.alpha is None
    else:
        assert np.array_equal(found.alpha, photo.alpha)
    assert found.icc == photo.icc


JPEGS = {
    "gray.jpg": gray_jpeg,
    "444.jpg": lambda: saved(rgb(61, 90), "JPEG", quality=92, subsampling=0),
    "422.jpg": lambda: saved(rgb(61, 90), "JPEG", quality=75, subsampling=1),
    "420.jpg": lambda: saved(rgb(61, 90), "JPEG", quality=40, subsampling=2),
    "side.jpg": lambda: saved(rgb(61, 90), "JPEG", subsampling=1, exif=MARK + exif(6)),
}


@pytest.mark.parametrize("name", JPEGS)
def test_a_jpeg_keeps_its_kind(page, name):
    """Gray stays gray; quantisation and chroma are the input's; as near as libjpeg comes."""
    data = JPEGS[name]()
    page.give(name, data)
    page.enhance()
    exact = io.read(page.save("png")).pixels
    written = page.save("jpeg")
    made, given = Image.open(BytesIO(written)), Image.open(BytesIO(data))
    assert made.mode == given.mode
    assert made.quantization == given.quantization
    photo, source = io.read(written), io.read(data)
    assert (photo.quality, photo.subsampling) == (source.quality, source.subsampling)
    beside = BytesIO()
    chroma = {"4:4:4": 0, "4:2:2": 1, "4:2:0": 2}.get(source.subsampling or "", 2)
    if source.subsampling != "4:4:0":  # which Pillow does not write
        chosen = {} if given.mode == "L" else {"subsampling": chroma}
        tables = given.quantization
        Image.fromarray(exact).save(beside, "JPEG", qtables=tables, **chosen)
        theirs = np.abs(io.read(beside.getvalue()).pixels.astype(int) - exact).mean()
        assert np.abs(photo.pixels.astype(int) - exact).mean() <= 1.05 * theirs + 0.02


def cmyk() -> bytes:
    inks = np.dstack((255 - rgb(40, 50), np.zeros((40, 50), np.uint8)))
    return saved(Image.fromarray(inks, "CMYK"), "JPEG")


def deep_png() -> bytes:
    import pyvips

    samples = rgb(40, 50).astype(np.uint16) * 257
    return pyvips.Image.new_from_array(samples).write_to_buffer(".png")


def moving() -> bytes:
    frames = [Image.fromarray(rgb(40, 50, seed=seed)) for seed in (1, 2)]
    return saved(frames[0], "WEBP", save_all=True, append_images=frames[1:])


SAID = {
    "cmyk.jpg": (cmyk, "CMYK"),
    "deep.png": (deep_png, "16 bits"),
    "moving.webp": (moving, "first frame"),
    "wrong.png": (lambda: saved(rgb(9, 9), "PNG", icc_profile=b"no profile"), "profile left out"),
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_lost_is_said(page, name):
    make, words = SAID[name]
    page.give(name, make())
    assert words in page.page.inner_text("#reason")


def test_the_gain_map_and_video_of_a_photo_are_not_promised(page):
    packet = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description hdrgm:Version='1.0'"
        b' GCamera:MotionPhoto="1" dc:title="kept"><Container:Directory><rdf:Seq/>'
        b"</Container:Directory></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    page.give("gain.jpg", saved(rgb(40, 50), "JPEG", xmp=packet))
    assert "gain map" in page.page.inner_text("#reason")
    found = Image.open(BytesIO(page.save("jpeg"))).info["xmp"]
    assert b"kept" in found
    assert not any(each in found for each in (b"hdrgm", b"GCamera", b"Container"))


@pytest.mark.parametrize("name", ["turned.jpg", "p3.jpg", "adobe.jpg", "plain.jpg", "gray.jpg"])
def test_metadata_is_that_of_python(page, enhancer, name, tmp_path):
    if shutil.which("exiftool") is None:
        pytest.skip("needs exiftool (apt install libimage-exiftool-perl)")
    data = PICTURES[name]()
    photo = io.read(data)
    page.give(name, data)
    theirs, ours = tmp_path / "page.jpg", tmp_path / "python.jpg"
    theirs.write_bytes(page.save("jpeg"))
    io.write(enhancer.photo(photo).photo, ours)
    assert _told(theirs) == _told(ours)


def _told(path: Path) -> dict[str, object]:
    """Return what exiftool says of a file, but for the file itself and its coding."""
    command = ["exiftool", "-j", "-G1", "-ICC_Profile:all", "-EXIF:all", "-XMP:all", str(path)]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    (told,) = json.loads(done.stdout)
    return {name: value for name, value in told.items() if not name.startswith("System")} | {
        "SourceFile": None
    }


def test_it_works_offline_and_asks_no_other_address(page, enhancer):
    """The last of all pictures: with the network cut, from what the service worker kept."""
    page.page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    page.context.set_offline(True)
    try:
        page.open()
        data = PICTURES["odd.png"]()
        page.give("odd.png", data)
        found = io.read(page.save("png")).pixels
    finally:
        page.context.set_offline(False)
    wanted = enhancer.photo(io.read(data)).photo.pixels
    assert np.abs(found.astype(int) - wanted).max() <= 1
    assert page.requests
    own = (page.address, f"blob:{page.address}")
    assert [each for each in page.requests if not each.startswith(own)] == []
    assert page.errors == []


BAD = {"no.jpg": (b"\xff\xd8 no picture", "cannot open it"), "empty.jpg": (b"", "an empty file")}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_opened_is_said(page, name):
    page.put(name, BAD[name][0])
    said = "why => document.getElementById('status').textContent.includes(why)"
    page.page.wait_for_function(said, arg=BAD[name][1], timeout=30_000)
    page.give("odd.png", PICTURES["odd.png"]())  # and the page goes on


def test_the_picture_chosen_last_is_the_one_shown_and_saved(page):
    """A large picture takes longer to decode than a small one that is chosen after it."""
    page.put("large.png", saved(rgb(90, 120).repeat(30, 0).repeat(30, 1), "PNG"))
    page.give("small.png", saved(rgb(40, 50), "PNG"))
    assert Image.open(BytesIO(page.save("png"))).size == (50, 40)
    assert "small" in page.page.inner_text("#status")


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


def test_damaged_headers_never_stop_the_splicer(page, built):
    """Bytes changed at random and files cut short, in every kind of file: something is returned,
    and what is returned fits into a JPEG again."""
    (script,) = (each.name for each in built.glob("metadata.*.js"))
    kinds = ["turned.jpg", "p3.jpg", "p3.png", "srgb.webp"]
    given = [base64.b64encode(PICTURES[name]()).decode() for name in kinds]
    count = page.page.evaluate(
        """async ([script, given]) => {
            const { intoJpeg, readMetadata, upright } = await import(`./${script}`)
            const codes = (text) => Uint8Array.from(text, (one) => one.charCodeAt(0))
            const files = given.map((each) => codes(atob(each)))
            let state = 1, count = 0
            const random = (below) => {
                state = (Math.imul(state, 1664525) + 1013904223) >>> 0
                return Math.floor((state / 2 ** 32) * below)
            }
            for (let i = 0; i < 600; i++) {
                const bytes = files[i % files.length].slice(0, i % 5 ? undefined : random(900))
                for (let k = random(6); k >= 0 && bytes.length > 12; k--)
                    bytes[12 + random(Math.min(bytes.length, 900) - 12)] = random(256)
                const about = await readMetadata(bytes)
                const size = { width: 20, height: 31 }
                if (about.exif) about.exif = upright(about.exif, size) ?? undefined
                const notes = [], made = intoJpeg(files[0], about, notes)
                const again = await readMetadata(made)
                if (again.kind !== 'jpeg') throw new Error('no JPEG any more')
                if (about.icc && again.icc && again.icc.length !== about.icc.length)
                    throw new Error('another profile')
                count++
            }
            return count
        }""",
        [script, given],
    )
    assert count == 600


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


def test_a_phone_s_width_and_fingers_are_enough(page):
    sizes = {"width": 360, "height": 740}
    context = page.context.browser.new_context(viewport=sizes, has_touch=True, is_mobile=True)
    try:
        phone = Page(context, page.address)
        phone.give("odd.png", PICTURES["odd.png"]())
        wide = "() => document.documentElement.scrollWidth"
        assert phone.page.evaluate(wide) <= sizes["width"]
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
    finally:
        context.close()


def swipe(phone: Page, *, across: int = 0, down: int = 0) -> None:
    """Move a finger over the picture, as the browser's own input, which then scrolls or does not."""
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


def test_a_finger_on_the_picture_scrolls_the_page_unless_it_is_enlarged(page):
    sizes = {"width": 360, "height": 640}
    context = page.context.browser.new_context(viewport=sizes, has_touch=True, is_mobile=True)
    try:
        phone = Page(context, page.address)
        phone.give("odd.png", PICTURES["odd.png"]())
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
    finally:
        context.close()


def test_nothing_serious_for_those_who_see_or_move_less(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.give("odd.png", PICTURES["odd.png"]())
    found = axe.Axe().run(page.page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_the_same_sources_give_the_same_bytes(built, tmp_path):
    printed = fake_page.build(tmp_path / "dist")
    assert "together" in printed
    files = {path.name: path.read_bytes() for path in built.iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "dist").iterdir()}


def test_pictures_are_readable_here():
    for name, make in PICTURES.items():
        assert io.read(BytesIO(make())).pixels.size, name
