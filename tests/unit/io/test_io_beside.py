"""What a file says beside EXIF and XMP stays, turns with the picture, or is named as left out."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image, IptcImagePlugin

from fake import pictures
from relume.colour_statement import Colour, known
from relume.colour_statement.icc_writer import profile
from relume.io import encode, read, write
from relume.io.formats import jpeg
from relume.io.jpeg_sampling import named
from relume.io.metadata import exif, photoshop, xmp
from relume.io.metadata.ifd import directory, layout, numbers
from relume.photo import Beside, Photo

PIXELS = pictures.smooth(40, 60)
P3 = Colour(known.P3_D65, known.SRGB_CURVE, "test")
IPTC = b"\x1c\x02\x74\x00\x0c(c) A Person"
"""IIM 4.2: record 2, data set 116, copyright notice."""
TEXTS = (("Author", "A. Person"), ("Copyright", "© A. Person"), ("Comment", "夜"))


def segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def jpeg_with(*segments: bytes, **options: object) -> bytes:
    data = pictures.saved(PIXELS, "JPEG", quality=95, **options)
    return data[:2] + b"".join(segments) + data[2:]


def resource(number: int, content: bytes) -> bytes:
    head = b"8BIM" + struct.pack(">HHI", number, 0, len(content))
    return head + content + b"\0" * (len(content) % 2)


RESOURCES = resource(0x0404, IPTC) + resource(0x040C, b"old thumbnail") + resource(0x0BB7, b"x")


def copyright_of(data: bytes) -> bytes | None:
    """By Pillow, which knows IPTC of JPEG and TIFF."""
    found = IptcImagePlugin.getiptcinfo(Image.open(BytesIO(data))) or {}
    return found.get((2, 116))


def iptc_tiff() -> bytes:
    stream = BytesIO()
    tifffile.imwrite(
        stream, PIXELS, photometric="rgb", extratags=[(33723, 7, len(IPTC), IPTC, True)]
    )
    return stream.getvalue()


@pytest.mark.parametrize("target", ["jpeg", "tiff", "png", "webp"])
@pytest.mark.parametrize(
    "make",
    [lambda: jpeg_with(segment(0xED, b"Photoshop 3.0\0" + RESOURCES)), iptc_tiff],
    ids=["jpeg", "tiff"],
)
def test_iptc_stays_or_is_named(make, target):
    stream = BytesIO()
    notes = write(read(make()), stream, format=target)
    data = stream.getvalue()
    if target == "webp":
        assert any("IPTC data" in note for note in notes)
        return
    assert notes == ()
    assert photoshop.iptc(read(data).beside.photoshop) == IPTC
    if target != "png":
        assert copyright_of(data) == b"(c) A Person"
    assert b"old thumbnail" not in data


def test_resources_of_many_segments_and_stripping():
    big = resource(0x0BB8, bytes(range(256)) * 600)
    data = encode(Photo(PIXELS, beside=Beside(photoshop=RESOURCES + big)), format="jpeg")
    assert read(data).beside.photoshop == photoshop.kept(RESOURCES + big, turned=False)
    assert b"Photoshop" not in encode(read(data), format="jpeg", metadata="strip")


@pytest.mark.parametrize("words", [b"plain", "Straße".encode(), "Straße".encode("latin-1")])
def test_comments_of_jpeg_keep_their_bytes(words):
    data = encode(read(jpeg_with(segment(0xFE, words))), format="jpeg")
    assert Image.open(BytesIO(data)).info["comment"] == words


@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt", "iTXt packed"])
def test_texts_of_png(kind):
    data = pictures.saved(PIXELS, "PNG")
    for keyword, words in reversed(TEXTS):
        raw, key = words.encode(), keyword.encode() + b"\0"
        if kind == "iTXt":
            data = pictures.with_chunk(data, b"iTXt", key + b"\0\0en\0\0" + raw)
        elif kind == "iTXt packed":
            data = pictures.with_chunk(data, b"iTXt", key + b"\1\0\0\0" + zlib.compress(raw))
        elif kind == "zTXt":
            raw = words.encode("latin-1", "replace")
            data = pictures.with_chunk(data, b"zTXt", key + b"\0" + zlib.compress(raw))
        else:
            data = pictures.with_chunk(data, b"tEXt", key + words.encode("latin-1", "replace"))
    expected = {key: words if "iTXt" in kind else words.replace("夜", "?") for key, words in TEXTS}
    photo = read(data)
    assert dict(photo.beside.texts) == expected
    assert Image.open(BytesIO(encode(photo, format="png"))).text == expected
    assert Image.open(BytesIO(encode(photo, format="png", metadata="strip"))).text == {}


@pytest.mark.parametrize("target", ["jpeg", "tiff", "webp", "avif", "bmp"])
def test_texts_that_have_no_place_are_named(target):
    notes = write(Photo(PIXELS, beside=Beside(TEXTS)), BytesIO(), format=target)
    (note,) = [note for note in notes if "no place" in note]
    assert "Author, Copyright" in note
    assert ("Comment" in note) == (target != "jpeg")


def raw_text(name: str, data: bytes) -> bytes:
    body = f"\n{name}\n{len(data):8d}\n{data.hex()}\n".encode()
    return f"Raw profile type {name}".encode() + b"\0\0" + zlib.compress(body)


@pytest.mark.parametrize("name", ["exif", "APP1"])
def test_exif_hidden_in_a_text(name):
    """As exiv2 and ImageMagick write it."""
    blob = b"Exif\0\0" + pictures.exif(6)
    photo = read(pictures.with_chunk(pictures.saved(PIXELS, "PNG"), b"zTXt", raw_text(name, blob)))
    assert photo.pixels.shape == (60, 40, 3)
    assert exif.orientation(photo.exif) == 1
    assert photo.beside.texts == ()
    again = Image.open(BytesIO(encode(photo, format="png")))
    assert again.getexif()[0x010F] == "Dark Optics"


def test_xmp_and_iptc_hidden_in_texts():
    data = pictures.saved(PIXELS, "PNG")
    data = pictures.with_chunk(data, b"zTXt", raw_text("xmp", pictures.xmp(1)))
    data = pictures.with_chunk(data, b"zTXt", raw_text("iptc", resource(0x0404, IPTC)))
    photo = read(data)
    assert photo.xmp == pictures.xmp(1)
    assert photoshop.iptc(photo.beside.photoshop) == IPTC


@pytest.mark.parametrize("content", [b"x", b"\0text", b"key\0\0not packed"])
def test_a_damaged_text_costs_itself(content):
    data = pictures.with_chunk(pictures.saved(PIXELS, "PNG"), b"zTXt", content)
    photo = read(data)
    assert np.array_equal(photo.pixels, PIXELS)
    assert photo.beside.texts == ()


PACKET = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description xmlns:xmpNote="http://ns.adobe.com/xmp/note/" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:ImageWidth="60" tiff:ImageLength="40" '
    b'xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    b'xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:stDim="x" '
    b'xmpNote:HasExtendedXMP="%s">'
    b'<mwg-rs:Regions rdf:parseType="Resource"><mwg-rs:AppliedToDimensions stDim:w="60" '
    b'stDim:h="40"/><mwg-rs:RegionList><rdf:Bag><rdf:li mwg-rs:Type="Face">'
    b'<mwg-rs:Area stArea:x="0.25" stArea:y="0.1" stArea:w="0.2" stArea:h="0.1"/>'
    b"</rdf:li></rdf:Bag></mwg-rs:RegionList></mwg-rs:Regions>"
    b"<xmp:Thumbnails><rdf:Alt>old</rdf:Alt></xmp:Thumbnails>"
    b"</rdf:Description></rdf:RDF></x:xmpmeta>"
)


def extended(size: int) -> tuple[bytes, list[bytes]]:
    """XMP, part 3, section 1.1.3.1: GUID, whole size, offset, portion."""
    whole = b"<x:xmpmeta>" + b"e" * size + b"</x:xmpmeta>"
    guid = b"A" * 32
    head = b"http://ns.adobe.com/xmp/extension/\0"
    portions = range(0, len(whole), 60000)
    return whole, [
        segment(0xE1, head + guid + struct.pack(">II", len(whole), at) + whole[at : at + 60000])
        for at in portions
    ]


@pytest.mark.parametrize("size", [100, 130000])
def test_extended_xmp_stays_in_jpeg_and_is_denied_elsewhere(size):
    whole, segments = extended(size)
    main = segment(0xE1, jpeg.XMP + PACKET % (b"A" * 32))
    photo = read(jpeg_with(main, *reversed(segments)))
    assert photo.beside.extended_xmp == whole
    assert read(encode(photo, format="jpeg")).beside.extended_xmp == whole
    stream = BytesIO()
    (note,) = write(photo, stream, format="png")
    assert "extended XMP" in note
    assert b"HasExtendedXMP" not in read(stream.getvalue()).xmp


def test_extended_xmp_with_a_part_missing_is_denied():
    _, segments = extended(130000)
    photo = read(jpeg_with(segment(0xE1, jpeg.XMP + PACKET % (b"A" * 32)), *segments[1:]))
    assert photo.beside.extended_xmp is None
    assert b"HasExtendedXMP" not in read(encode(photo, format="jpeg")).xmp


# The centre of a face at (0.25, 0.1) of the stored picture, by Exif 2.32, section 4.6.4 A.
UPRIGHT = {
    1: (0.25, 0.1), 2: (0.75, 0.1), 3: (0.75, 0.9), 4: (0.25, 0.9),
    5: (0.1, 0.25), 6: (0.9, 0.25), 7: (0.9, 0.75), 8: (0.1, 0.75),
}  # fmt: skip


@pytest.mark.parametrize("orientation", UPRIGHT)
def test_places_turn_with_the_picture(orientation):
    marked = np.zeros((40, 60, 3), np.uint8)
    marked[2:7, 10:20] = 255  # about (0.25, 0.1)
    stream = BytesIO()
    Image.fromarray(marked).save(
        stream, "JPEG", quality=95, exif=b"Exif\0\0" + subject(orientation)
    )
    data = stream.getvalue()
    photo = read(data[:2] + segment(0xE1, jpeg.XMP + PACKET % b"") + data[2:])
    rows, columns = np.nonzero(photo.pixels[..., 0] > 128)
    seen = (columns.mean() + 0.5) / photo.width, (rows.mean() + 0.5) / photo.height
    assert seen == pytest.approx(UPRIGHT[orientation], abs=0.02)
    stated = tuple(
        float(xmp._value(b"stArea:" + name).search(photo.xmp)[2]) for name in (b"x", b"y")
    )
    assert stated == pytest.approx(seen, abs=0.02)
    size = (photo.width, photo.height)
    for across, down in ((b"stDim:w", b"stDim:h"), (b"tiff:ImageWidth", b"tiff:ImageLength")):
        found = tuple(int(xmp._value(name).search(photo.xmp)[2]) for name in (across, down))
        assert found == size
    wide = float(xmp._value(b"stArea:w").search(photo.xmp)[2])
    assert wide == (0.1 if orientation >= 5 else 0.2)
    assert b"Thumbnails" not in photo.xmp
    blob = photo.exif
    written = layout(blob)
    first = directory(blob, written, written.first)
    camera = directory(blob, written, numbers(blob, written, first.get(exif.EXIF_IFD))[0])
    area = numbers(blob, written, camera.get(exif.SUBJECT_AREA))
    assert (area[0] / size[0], area[1] / size[1]) == pytest.approx(seen, abs=0.03)
    assert area[2:] == ((4, 12) if orientation >= 5 else (12, 4))


def subject(orientation: int) -> bytes:
    """EXIF with an orientation and SubjectArea: a rectangle of 12 × 4 about (15, 4)."""
    head = b"II" + struct.pack("<HI", 42, 8)
    rows = struct.pack("<HHHIHH", 2, 0x0112, 3, 1, orientation, 0)
    rows += struct.pack("<HHII", 0x8769, 4, 1, 38) + b"\0" * 4
    camera = struct.pack("<HHHII", 1, 0x9214, 3, 4, 56) + b"\0" * 4
    return head + rows + camera + struct.pack("<4H", 15, 4, 12, 4)


def test_unreadable_regions_are_left_out():
    packet = PACKET.replace(b'stArea:x="0.25" ', b"")
    assert b"Regions" in xmp.upright(packet, turned=1)
    assert b"Regions" not in xmp.upright(packet, turned=6)


UNWRITTEN_NOTE = "chroma written as 4:2:0, not 4:4:1: as many samples, elsewhere"
SAMPLINGS = {
    "4:4:4": (1, 1), "4:2:2": (2, 1), "4:2:0": (2, 2), "4:4:0": (1, 2), "4:1:1": (4, 1),
}  # fmt: skip


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("name", SAMPLINGS)
def test_sampling_stays_and_turns(name, orientation):
    """ITU-T T.81, section A.1.1: how often luma is sampled for each chroma."""
    data = encode(Photo(PIXELS, format="jpeg", subsampling=name), format="jpeg")
    about = Image.Exif()
    about[0x0112] = orientation
    data = data[:2] + segment(0xE1, about.tobytes()) + data[2:]
    photo = read(data)
    turned = {"4:2:2": "4:4:0", "4:4:0": "4:2:2", "4:1:1": "4:4:1"}
    assert photo.subsampling == (turned.get(name, name) if orientation == 6 else name)
    stream = BytesIO()
    notes = write(photo, stream)
    with Image.open(stream) as again:
        layers = [layer[1:3] for layer in again.layer]
    if photo.subsampling == "4:4:1":  # no encoder's interface has it
        assert (layers[0], notes) == ((2, 2), (UNWRITTEN_NOTE,))
    else:
        assert (layers[0], notes) == (SAMPLINGS[photo.subsampling], ())


@pytest.mark.parametrize(
    ("factors", "name"),
    [
        (((1, 2), (1, 2), (1, 2)), "4:4:4"),
        (((2, 2), (1, 2), (1, 2)), "4:2:2"),
        (((2, 2), (2, 1), (2, 1)), "4:4:0"),
        (((1, 1), (1, 1), (1, 1), (1, 1)), "4:4:4"),
        (((2, 2), (1, 1), (1, 1), (2, 2)), "4:2:0"),
        (((1, 1),), None),
        (((1, 1), (2, 2), (2, 2)), None),
    ],
)
def test_sampling_is_a_ratio(factors, name):
    """ITU-T T.81, section A.1.1: factors count beside each other, also those of inks."""
    assert named(factors) == name


def test_a_format_without_exif_loses_none_that_was_not_there():
    assert write(Photo(PIXELS), BytesIO(), format="bmp") == ()


def test_rare_samplings_are_read():
    """As Pillow reads them; libjpeg-turbo's simpler interface does not know 4:1:0 and 4:4:1."""
    plain = encode(Photo(PIXELS, format="jpeg", subsampling="4:2:0"), format="jpeg")
    at = plain.index(b"\xff\xc0") + 11
    for sampling in (0x42, 0x14):
        data = plain[:at] + bytes([sampling]) + plain[at + 1 :]
        try:
            theirs = np.asarray(Image.open(BytesIO(data)).convert("RGB"))
        except OSError:
            continue
        assert np.array_equal(read(data).pixels, theirs)


def test_a_profile_twice_counts_once():
    one = profile(P3)
    part = segment(0xE2, b"ICC_PROFILE\0\1\1" + one)
    photo = read(jpeg_with(part, part))
    assert photo.icc == one
    assert photo.notes == ()


def test_a_damaged_profile_costs_the_profile():
    damaged = profile(P3)[:200]
    photo = read(jpeg_with(segment(0xE2, b"ICC_PROFILE\0\1\1" + damaged)))
    assert photo.icc is None
    assert photo.notes == ("ICC profile left out: malformed",)
    assert photo.pixels.shape == PIXELS.shape
