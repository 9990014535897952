"""The page in a real browser: by mouse and keyboard, wide and narrow, light and dark."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fake.service import Running, picture
from relume.cli import main

LIMIT = 60_000
"""Milliseconds for anything here; a busy machine is slow."""
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no browser: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Tests may run as root, where Chromium's own sandbox does not start.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Any, running: Running) -> Iterator[Any]:
    """The page, newly opened; it must neither fail nor ask for anything elsewhere."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(LIMIT)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    # Chromium itself reports every refusal; the page's own words for it are what is tested.
    page.on(
        "console",
        lambda said: (
            faults.append(said.text)
            if said.type == "error" and "status of 422" not in said.text
            else None
        ),
    )
    page.on(
        "request",
        lambda asked: (
            None
            if asked.url.startswith((running.address, "blob:"))
            else faults.append(f"asked for {asked.url}")
        ),
    )
    page.goto(running.address)
    yield page
    context.close()
    assert faults == []


def put(page: Any, folder: Path, *names: str) -> list[Path]:
    """Choose generated pictures and wait until the first is shown before and after."""
    paths = [folder / name for name in names]
    for seed, path in enumerate(paths):
        path.write_bytes(picture(240, 320, seed=seed))
    page.set_input_files("#choose", paths)
    page.locator("#files img[src]").nth(len(paths) - 1).wait_for()
    page.locator("img.after[src]").wait_for()
    return paths


def downloaded(page: Any, button: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.click(button)
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def set_range(page: Any, selector: str, value: str) -> None:
    page.locator(selector).fill(value)


def test_a_download_is_the_command_lines(page: Any, tmp_path: Path) -> None:
    (low,) = put(page, tmp_path, "party.jpg")
    name, data = downloaded(page, "#download")
    assert name == "party.relume.jpg"
    assert main(["enhance", str(low), "-o", str(tmp_path / "auto.jpg")]) == 0
    assert data == (tmp_path / "auto.jpg").read_bytes()

    page.select_option("#method", "gamma")
    set_range(page, "#knob-gamma", "0.55")
    knob = page.locator("#knob-gamma").input_value()
    page.locator("#knob-over-all").focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    strength = page.locator("#knob-over-all").input_value()
    assert 0 < float(strength) < 1
    page.click("text=File")
    page.select_option("#format", "png")
    name, data = downloaded(page, "#download")
    assert name == "party.relume.png"
    options = ("-m", "gamma", "-k", f"gamma={knob}", "--strength", strength)
    assert main(["enhance", str(low), "-o", str(tmp_path / "out.png"), *options]) == 0
    assert data == (tmp_path / "out.png").read_bytes()


def test_sliders_change_the_picture_at_once(page: Any, tmp_path: Path) -> None:
    put(page, tmp_path, "party.jpg")
    page.select_option("#method", "relume")
    page.locator("text=mean level").nth(1).wait_for()

    def level() -> float:
        words = page.locator("#histograms figcaption").nth(1).inner_text()
        return float(words.split("level ")[1].split(" ")[0])

    before = level()
    set_range(page, "#knob-exposure", "1.5")
    for _ in range(100):
        if level() > before + 10:
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{before} → {level()}")


def test_divide_zoom_and_move_by_keyboard(page: Any, tmp_path: Path) -> None:
    put(page, tmp_path, "party.jpg")
    divide = page.locator("#compare input[type=range]")
    divide.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert divide.input_value() == "80"
    bar = page.locator(".view .bar").bounding_box()
    view = page.locator(".view").bounding_box()
    assert abs((bar["x"] + bar["width"] / 2 - view["x"]) / view["width"] - 0.8) < 0.01
    page.locator(".view").focus()
    page.keyboard.press("1")
    assert page.locator(".tools output").inner_text() == "100 %"
    for _ in range(12):
        page.keyboard.press("+")
    moved = page.locator("img.after").bounding_box()["x"]
    page.keyboard.press("ArrowRight")
    assert abs(moved - page.locator("img.after").bounding_box()["x"] - 60) < 1
    page.keyboard.press("0")
    assert page.locator("img.after").bounding_box()["width"] <= view["width"] + 1


def test_divide_by_mouse(page: Any, tmp_path: Path) -> None:
    put(page, tmp_path, "party.jpg")
    view = page.locator(".view").bounding_box()
    x, y = view["x"] + view["width"] * 0.5, view["y"] + view["height"] * 0.5
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(view["x"] + view["width"] * 0.25, y, steps=4)
    page.mouse.up()
    assert page.locator("#compare input[type=range]").input_value() == "25"


def test_all_as_zip(page: Any, tmp_path: Path) -> None:
    lows = put(page, tmp_path, "a.jpg", "b.jpg", "ü.jpg")
    page.select_option("#method", "gamma")
    name, data = downloaded(page, "#all")
    assert name == "relume.zip"
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{low.stem}.relume.jpg" for low in lows]
        for low in lows:
            output = tmp_path / f"{low.stem}.out.jpg"
            assert main(["enhance", str(low), "-o", str(output), "-m", "gamma"]) == 0
            assert archive.read(f"{low.stem}.relume.jpg") == output.read_bytes()


def test_methods_side_by_side(page: Any, tmp_path: Path) -> None:
    put(page, tmp_path, "party.jpg")
    page.click("#side summary")
    page.locator("#gallery img[src]").nth(3).wait_for()
    page.click("#gallery [data-method=exposure]")
    assert page.locator("#method").input_value() == "exposure"
    page.locator("#gallery [data-method=exposure][aria-pressed=true]").wait_for()


def test_what_is_no_picture_is_said(page: Any, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    page.set_input_files("#choose", tmp_path / "letter.txt")
    page.locator("#status.error").wait_for()
    words = page.locator("#status").inner_text()
    assert words.startswith("letter.txt: the upload starts with 'hello', which is not a picture")
    assert page.locator("#files li").count() == 0


def test_among_several_what_is_no_picture_is_still_said(page: Any, tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypisom")
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(picture(24, 32, seed=0))
    page.set_input_files("#choose", [tmp_path / name for name in ("a.jpg", "clip.mp4", "b.jpg")])
    page.locator("#status.error", has_text="2 pictures are ready; clip.mp4: ").wait_for()
    assert page.locator("#files li").count() == 2


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1440])
def test_it_fits_and_is_accessible(page: Any, tmp_path: Path, width: int, theme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=theme)
    put(page, tmp_path, "party.jpg")
    page.select_option("#method", "relume")
    page.click("text=File")
    body = page.locator("body").bounding_box()
    for part in ("main", ".view", "#controls", "#side", "#histograms"):
        box = page.locator(part).first.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= min(width, body["width"]) + 0.5, part
    found = Axe().run(page).response["violations"]
    serious = [one["id"] for one in found if one["impact"] in ("serious", "critical")]
    assert serious == []
    shot = Image.open(BytesIO(page.screenshot()))
    level = float(np.asarray(shot.convert("L"))[:60, -40:].mean())
    assert (level > 128) == (theme == "light")
