"""The page without a server, in a browser: the same pictures as in Python, and nothing leaves."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from fake import page as fake_page
from fake.page_pictures import MARK, P3, PICTURES, gray_jpeg, rgb
from fake.pictures import exif, saved, srgb_profile
from relume import io


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
    "gray-srgb.jpg": lambda: gray_jpeg(icc_profile=srgb_profile()),
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
    "gray-p3.jpg": (lambda: gray_jpeg(icc_profile=P3), "written as RGB"),
    "wrong.png": (lambda: saved(rgb(9, 9), "PNG", icc_profile=b"no profile"), "profile left out"),
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_lost_is_said(page, name):
    make, words = SAID[name]
    page.give(name, make())
    page.enhance()
    assert words in page.page.inner_text("#reason")


def test_the_gain_map_and_video_of_a_photo_are_not_promised(page):
    packet = (
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF><rdf:Description hdrgm:Version='1.0'"
        b' GCamera:MotionPhoto="1" dc:title="kept"><Container:Directory><rdf:Seq/>'
        b"</Container:Directory></rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    page.give("gain.jpg", saved(rgb(40, 50), "JPEG", xmp=packet))
    page.enhance()
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


def hdr() -> bytes:
    stated = PngInfo()
    stated.add(b"cICP", bytes([9, 16, 0, 1]))
    return saved(rgb(9, 9), "PNG", pnginfo=stated)


BAD = {
    "no.jpg": (b"\xff\xd8 no picture", "cannot open it"),
    "empty.jpg": (b"", "an empty file"),
    "long.png": (saved(np.zeros((1, 70000, 3), np.uint8), "PNG"), "more than this browser holds"),
    "hdr.png": (hdr(), "hdr.png: HDR"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_opened_is_said(page, name):
    page.put(name, BAD[name][0])
    said = "why => document.getElementById('status').textContent.includes(why)"
    page.page.wait_for_function(said, arg=BAD[name][1], timeout=30_000)
    page.give("odd.png", PICTURES["odd.png"]())  # and the page goes on


def test_among_several_what_is_no_picture_is_still_said(page):
    kinds = {"clip.mp4": "video/mp4", "odd.png": "image/png", "empty.jpg": "image/jpeg"}
    given = {"clip.mp4": b"ftyp", "odd.png": PICTURES["odd.png"](), "empty.jpg": b""}
    files = [
        {"name": name, "mimeType": kinds[name], "buffer": data} for name, data in given.items()
    ]
    page.page.set_input_files("#choose", files)
    said = "() => /^odd.png: .*clip.mp4: .*empty.jpg: an empty file/.test(status.textContent)"
    said = said.replace("status.", "document.getElementById('status').")
    page.page.wait_for_function(said, timeout=60_000)
    page.give("small.png", saved(rgb(9, 9), "PNG"))
    assert "clip.mp4" not in page.page.inner_text("#status")


def test_the_picture_chosen_last_is_the_one_shown_and_saved(page):
    """A large picture takes longer to decode than a small one that is chosen after it."""
    page.put("large.png", saved(rgb(90, 120).repeat(30, 0).repeat(30, 1), "PNG"))
    page.give("small.png", saved(rgb(40, 50), "PNG"))
    assert Image.open(BytesIO(page.save("png"))).size == (50, 40)
    assert "small" in page.page.inner_text("#status")


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


def test_the_same_sources_give_the_same_bytes(built, tmp_path):
    printed = fake_page.build(tmp_path / "dist")
    assert "together" in printed
    files = {path.name: path.read_bytes() for path in built.iterdir()}
    assert files == {path.name: path.read_bytes() for path in (tmp_path / "dist").iterdir()}


def test_pictures_are_readable_here():
    for name, make in PICTURES.items():
        assert io.read(BytesIO(make())).pixels.size, name
