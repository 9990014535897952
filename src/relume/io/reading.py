"""Read a picture: recognise it, check its size, decode it, turn it upright."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import PurePath
from typing import TYPE_CHECKING

from relume.colour_statement.icc import of_profile
from relume.colour_statement.icc_writer import gray_profile
from relume.errors import RelumeError, TooLargeError, UnreadableError
from relume.io import films
from relume.io.codec import Admit, Incoming
from relume.io.films import is_film
from relume.io.formats import HEAD, codecs, sniff
from relume.io.gain_maps import light
from relume.io.metadata import exif, icc, photoshop, promises, xmp
from relume.io.metadata.boxes import brands
from relume.io.metadata.ifd import MalformedError
from relume.io.pixels import turned
from relume.io.raw import kinds, plain_mosaic
from relume.io.raw.plain_mosaic import Sensor
from relume.io.source import MAX_BYTES, Source, beginning, load, name_of
from relume.photo import Beside, Format, Mosaic, Photo, Subsampling, Want

if TYPE_CHECKING:
    from relume.io.raw.levels import WhiteBalance


def read(
    source: Source,
    *,
    max_pixels: int = 250_000_000,
    max_bytes: int = MAX_BYTES,
    want: Want = "developed",
    white_balance: WhiteBalance = "camera",
    ev: float = 0.0,
    sensor: Sensor | None = None,
    admit: Admit | None = None,
) -> Photo:
    """Read a picture of any format we know, recognised by its bytes.

    Pixels come upright; ICC profile, EXIF and XMP come along. What was changed is in the notes.

    Camera RAW is developed to sRGB with the white balance of the camera, the gray world's
    ("auto") or given gains of red, green and blue, `ev` stops brighter than captured; or its
    Bayer mosaic is left as it is where that is wanted and there is one. `sensor` says what the
    samples of plain mosaics mean: .npy, headerless .raw, gray TIFF and PNG.

    `admit` is called with the width and height a file declares, possibly more than once, before
    memory is taken for them; what it raises ends the reading.

    Raises: UnreadableError; TooLargeError before memory is taken for a larger picture;
    MissingExtraError for HEIC and camera RAW without their packages.
    """
    name = name_of(source)
    suffix = PurePath(name).suffix.lower()
    data = _loaded(source, name, max_bytes)

    def within(width: int, height: int) -> None:
        check_pixels(name, width, height, max_pixels=max_pixels)
        if admit is not None:
            admit(width, height)

    def bare(mosaic: Mosaic) -> Incoming:
        return _of_mosaic(mosaic, within, want=want, white_balance=white_balance, ev=ev)

    found = kinds.recognise(data, suffix)
    if found is None and plain_mosaic.is_plain(data, suffix):
        with _decoding(name, "plain mosaic"):
            return _finished(bare(plain_mosaic.decode(data, within, sensor)), "raw")
    found = found or sniff(data[:HEAD])
    if suffix in kinds.SUFFIXES and found not in ("raw", "dng"):
        raise UnreadableError(f"{name} is named as camera RAW, but {_inside(data, found)}")
    if found is None:
        raise UnreadableError(f"{name} {_beginning(data)}")
    with _decoding(name, codecs()[found].title):
        if found in ("raw", "dng"):
            from relume.io.raw import libraw  # what it needs takes time to load

            incoming = libraw.decode(data, within, want=want, white_balance=white_balance, ev=ev)
        else:
            incoming = codecs()[found].decode(data, within)
            if b"tmap" in brands(data[:HEAD]) and incoming.gain_map is None:
                incoming = replace(incoming, notes=(*incoming.notes, "HDR gain map left out"))
            if sensor is not None and found in ("png", "tiff") and incoming.pixels.ndim == 2:
                incoming = bare(plain_mosaic.of_samples(incoming.pixels, sensor))
        return _finished(incoming, found)


def _loaded(source: Source, name: str, max_bytes: int) -> bytes:
    try:
        return load(source, max_bytes=max_bytes)
    except TooLargeError:
        # A higher limit would help nobody with a video.
        if isinstance(source, str | PathLike) and is_film(beginning(source, films.HEAD)):
            raise UnreadableError(f"{name} {films.WORDS}") from None
        raise


def check_pixels(name: str, width: int, height: int, *, max_pixels: int) -> None:
    """Refuse a picture by the size it declares.

    Raises: TooLargeError.
    """
    if width * height > max_pixels:
        raise TooLargeError(
            f"{name}: {width} × {height} is {width * height} pixels, the limit is "
            f"{max_pixels}; raise it with --max-pixels (max_pixels=)"
        )


def _of_mosaic(
    mosaic: Mosaic, admit: Admit, *, want: Want, white_balance: WhiteBalance, ev: float
) -> Incoming:
    """Go on with a plain mosaic as with one from a RAW file."""
    from relume.io.raw import libraw

    mosaic, words = plain_mosaic.balanced(mosaic, white_balance)
    return libraw.of_mosaic(mosaic, words, admit, want=want, ev=ev)


def _inside(data: bytes, found: Format | None) -> str:
    if found is None:
        return _beginning(data)
    codec = codecs()[found]
    return f"it is a {codec.title} inside; rename it to {codec.suffixes[0]}"


@contextmanager
def _decoding(name: str, title: str) -> Generator[None]:
    try:
        yield
    except RelumeError as error:
        if str(error).startswith(name):
            raise
        raise type(error)(f"{name}: {error}") from error  # codecs see bytes, and no name
    except MemoryError as error:
        raise TooLargeError(f"{name}: not enough memory for this {title} picture") from error
    # Decoders raise exceptions of every type on bad data (struct.error, SyntaxError, KeyError,
    # pyvips.Error …), and a picture is never a reason for a traceback; the cause stays attached.
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnreadableError(f"{name}: a damaged or unusual {title} file: {reason}") from error


def _beginning(data: bytes) -> str:
    known = ", ".join(codec.title for codec in codecs().values())
    if not data:
        return "is empty"
    if is_film(data[: films.HEAD]):
        return films.WORDS
    first = data[:9]
    text = first.decode("ascii", "replace")
    shown = repr(text) if text.isprintable() and text.isascii() else f"the bytes {first.hex(' ')}"
    return f"starts with {shown}, which is not a picture format we read: {known}"


def _finished(found: Incoming, name: Format) -> Photo:
    """Turn the pixels upright, once, and the metadata to say so."""
    notes = list(found.notes)
    blob, dpi, orientation = exif.strip_prefix(found.exif or b"") or None, found.dpi, None
    stated = found.stated
    try:
        if blob is not None:
            stated = stated or exif.colour(blob)
            orientation = exif.orientation(blob)
            dpi = dpi or exif.dpi(blob)
    except MalformedError as error:
        notes.append(f"malformed EXIF left out: {error}")
        blob = None
    if orientation is None and found.xmp is not None:
        orientation = xmp.orientation(found.xmp)  # as Pillow: XMP counts where EXIF is silent
    orientation = 1 if found.upright else orientation or 1
    pixels = turned(found.pixels, orientation)
    sideways = orientation >= 5
    try:
        size = (pixels.shape[1], pixels.shape[0]) if orientation != 1 else None
        blob = exif.upright(blob, size=size, turned=orientation) if blob is not None else None
    except MalformedError as error:
        notes.append(f"malformed EXIF left out: {error}")
        blob = None
    packet = _kept_promises(found, notes)
    photo = Photo(
        pixels=pixels,
        alpha=turned(found.alpha, orientation) if found.alpha is not None else None,
        icc=_usable(found, notes),
        exif=blob,
        xmp=xmp.upright(packet, turned=orientation) if packet else None,
        dpi=(dpi[1], dpi[0]) if dpi and sideways else dpi,
        format=name,
        quality=found.quality,
        subsampling=_TURNED.get(found.subsampling) if sideways else found.subsampling,
        notes=tuple(notes),
        encoding="mosaic" if found.mosaic is not None else "srgb",
        mosaic=found.mosaic,
        stated=stated,
        depth=found.depth or found.pixels.dtype.itemsize * 8,
        orientation=orientation,
        pages=found.pages,
        beside=_still_true(found.beside, turned=orientation != 1),
        motion=found.motion,
    )
    if found.gain_map is None:
        return photo
    gain_map = light.upright(found.gain_map, pixels, photo.colour, orientation=orientation)
    if gain_map is None:
        return replace(photo, notes=(*notes, "HDR gain map left out: the picture's curve is odd"))
    return replace(photo, gain_map=gain_map)


def _kept_promises(found: Incoming, notes: list[str]) -> bytes | None:
    """Return the XMP without what it says of parts that lie beside the picture; those that were
    found are in `found`."""
    packet, promised = promises.taken_out(found.xmp or b"")
    if packet is None:
        notes.append("malformed XMP left out")
    if promised.gain_map and found.gain_map is None:
        notes.append("HDR gain map left out")
    if promised.video and found.motion is None:
        notes.append("the video of the motion photo was left out")
    return packet or None


_TURNED: dict[Subsampling | None, Subsampling | None] = {
    "4:4:4": "4:4:4",
    "4:2:0": "4:2:0",
    "4:2:2": "4:4:0",
    "4:4:0": "4:2:2",
    "4:1:1": "4:4:1",
    "4:4:1": "4:1:1",
}


def _still_true(beside: Beside, *, turned: bool) -> Beside:
    if beside.photoshop is None:
        return beside
    return replace(beside, photoshop=photoshop.kept(beside.photoshop, turned=turned))


def _usable(found: Incoming, notes: list[str]) -> bytes | None:
    """Return the profile if it describes such pixels; a gray picture gets one of gray."""
    if not found.icc:
        return None
    space = icc.colour_space(found.icc)
    colour = of_profile(found.icc)
    is_gray = found.pixels.ndim == 2
    if colour is None or (space == "GRAY" and not is_gray):
        whose = f"it is for {space}" if space and space != "RGB" and not is_gray else "malformed"
        notes.append(f"ICC profile left out: {whose}")
        return None
    if is_gray and space == "RGB":
        # Readers refuse or warn about a profile of RGB beside gray samples (PNG, section 11.3.2.3).
        return gray_profile(colour) if colour.primaries is not None else None
    return found.icc
