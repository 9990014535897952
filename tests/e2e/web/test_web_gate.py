"""What the page leaves alone is what `auto` leaves alone, on pictures of each kind."""

from __future__ import annotations

import base64
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zlib import compress

import numpy as np
import pytest
from PIL import Image

from fake.dark_on_purpose import screen, sky
from fake.night import night
from fake.pictures import saved
from fake.primaries import DISPLAY_P3, profile
from relume import io
from relume.auto import choose
from relume.runtime import Enhancer

EXAMPLES = Path(__file__).parents[3] / "examples"
P3 = profile(DISPLAY_P3, gamma=2.2, name="Display P3")

JUDGE = """async ([engine, model, code, parameters, pictures]) => {
    const { Engine } = await import(`./${engine}`), { readModel } = await import(`./${model}`)
    const fetched = async (name) => (await fetch(name)).arrayBuffer()
    const module = await WebAssembly.compile(await fetched(code))
    const it = new Engine(module, readModel(await fetched(parameters)))
    const verdicts = []
    for (const [text, height, width] of pictures) {
        const packed = new Blob([Uint8Array.from(atob(text), (each) => each.charCodeAt(0))])
        const unpacked = packed.stream().pipeThrough(new DecompressionStream("deflate"))
        const rgba = new Uint8Array(await new Response(unpacked).arrayBuffer())
        const bands = (row, rows) => rgba.subarray(4 * row * width, 4 * (row + rows) * width)
        verdicts.push(it.open(height, width, bands).verdict)
    }
    return verdicts
}"""


def rgb(height: int, width: int, *, seed: int = 7, light: float = 1.0) -> np.ndarray:
    scene = np.clip(night(height, width, seed=seed) * light, 0, 1)
    return np.rint(scene * 255).astype(np.uint8)


def as_jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(saved(image, "JPEG", quality=quality))).convert("RGB"))


def kinds() -> dict[str, np.ndarray]:
    """Pictures of each kind, on both sides of each bound."""
    found: dict[str, np.ndarray] = {}
    for light in (0.6, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 20.0):
        found[f"light {light}"] = rgb(211, 307, light=light)
    for paper in (3, 12, 28, 60):
        found[f"screen {paper}"] = screen(paper)
        found[f"screen {paper} as JPEG"] = as_jpeg(screen(paper), 85)
    for stars in (3, 40, 150, 400):
        found[f"sky {stars}"] = sky(stars=stars)
    found["wide sky"] = sky(height=1300, width=2900, stars=1500)
    found["flat"] = np.full((40, 50, 3), 17, np.uint8)
    found["black"] = np.zeros((40, 50, 3), np.uint8)
    backlit = rgb(240, 320, light=9.0)
    backlit[:120] = np.maximum(backlit[:120], 225)
    backlit[120:] //= 24
    found["backlit"] = backlit
    for height, width in ((1, 1), (1, 90), (90, 1), (2, 3), (23, 24), (25, 26), (701, 13)):
        found[f"{height} x {width}"] = rgb(height, width)
    for path in sorted(EXAMPLES.iterdir()):
        if path.suffix in (".jpg", ".png"):
            found[path.name] = np.asarray(Image.open(path).convert("RGB"))
    return found


def opaque(image: np.ndarray) -> np.ndarray:
    return np.dstack((image, np.full_like(image[..., 0], 255)))


def test_verdicts_are_those_of_python(page, built):
    pictures = kinds()
    given = [
        # Packed: the way of texts into a browser takes longer than what is done there.
        [base64.b64encode(compress(opaque(each).tobytes(), 1)).decode(), *each.shape[:2]]
        for each in pictures.values()
    ]
    files = ("engine.*.js", "model.*.js", "engine.*.wasm", "model.*.bin")
    names = [next(built.glob(each)).name for each in files]
    found = page.page.evaluate(JUDGE, [*names, given])
    verdicts = {
        name: verdict["reason"] + (", left alone" if verdict["left"] else "")
        for name, verdict in zip(pictures, found, strict=True)
    }
    wanted = {name: choose(each).reason for name, each in pictures.items()}
    assert verdicts == wanted
    said = "\n".join(wanted.values())
    for kind in ("well exposed", "the same everywhere", "a screenshot", "stars", "stops", "beside"):
        assert kind in said, kind  # each is among them


def hidden_bright() -> bytes:
    """Dark where it shows, bright where it does not."""
    image = rgb(90, 120)
    alpha = np.full((90, 120, 1), 255, np.uint8)
    image[40:], alpha[40:] = 230, 0
    return saved(np.dstack((image, alpha)), "PNG")


def shown_bright() -> bytes:
    """The other way."""
    image = rgb(90, 120)
    alpha = np.zeros((90, 120, 1), np.uint8)
    image[40:] = rgb(50, 120, light=14.0)
    alpha[40:] = np.linspace(1, 255, 120).astype(np.uint8)[:, None]
    return saved(np.dstack((image, alpha)), "PNG")


FILES: dict[str, Callable[[], bytes]] = {
    "screen.png": lambda: saved(screen(28), "PNG"),
    "bright.jpg": lambda: saved(rgb(90, 120, light=14.0), "JPEG", quality=90),
    "bright.webp": lambda: saved(rgb(90, 120, light=14.0), "WEBP", lossless=True),
    "gray.png": lambda: saved(rgb(90, 120, light=14.0)[..., 1], "PNG"),
    "dark.png": lambda: saved(rgb(90, 120), "PNG"),
    "p3.png": lambda: saved(rgb(90, 120, light=14.0), "PNG", icc_profile=P3),
    "dark-p3.png": lambda: saved(rgb(90, 120), "PNG", icc_profile=P3),
    "hidden.png": hidden_bright,
    "shown.png": shown_bright,
}


@pytest.mark.parametrize("name", FILES)
def test_files_are_left_alone_as_by_the_command(page, name):
    data = FILES[name]()
    photo = io.read(data)
    by_command = Enhancer().photo(photo)
    page.give(name, data)
    alone = page.page.locator("#alone").is_visible()
    assert alone == (by_command.method == "identity"), by_command.reason
    if not alone:
        found = io.read(page.save("png")).pixels.astype(int)
        assert np.abs(found - by_command.photo.pixels).max() <= 1
        return
    assert by_command.reason.removesuffix(", left alone") in page.page.inner_text("#alone")
    own = photo.format or "png"
    assert page.save(own) == data  # copied, as the command does
    page.enhance()
    page.page.wait_for_selector("#save:enabled", timeout=60_000)
    wanted = Enhancer("relume").photo(photo).photo.pixels
    found = io.read(page.save("png")).pixels.astype(int)
    assert np.abs(found - wanted).max() <= 1
    page.page.click("#reset")
    assert page.page.locator("#alone").is_visible()


def test_another_format_of_what_is_left_alone_has_its_pixels(page):
    data = FILES["bright.jpg"]()
    page.give("bright.jpg", data)
    assert page.page.locator("#alone").is_visible()
    found = io.read(page.save("png")).pixels
    assert np.array_equal(found, io.read(data).pixels)
