"""Write a photo: choose the format, fit the photo to what it can hold, put it there whole."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from relume.arrays import Pixels
from relume.colour_statement import Colour
from relume.errors import ContractError, UnwritableError
from relume.filters.recolour import Bridge, of_srgb
from relume.gain_map import GainMap, for_picture
from relume.io import saying
from relume.io.atomic import replacing
from relume.io.codec import Codec, Encoded, Outgoing
from relume.io.formats import codecs, format_of, writable_suffixes
from relume.io.gain_maps import light
from relume.io.metadata import exif, photoshop, xmp
from relume.io.metadata.ifd import MalformedError
from relume.io.pixels import laid_on, to_eight_bits
from relume.photo import COMMENT, NOTHING, Beside, Format, Motion, Photo

Background: TypeAlias = tuple[int, int, int]
"""Red, green and blue of sRGB, bytes."""
WHITE: Background = (255, 255, 255)


def write(
    photo: Photo,
    target: str | PathLike[str] | BinaryIO,
    *,
    format: Format | None = None,
    quality: int | None = None,
    metadata: Literal["keep", "strip"] = "keep",
    software: str | None = None,
    background: Background = WHITE,
) -> tuple[str, ...]:
    """Write a photo to a path, whole or not at all, or to a stream; return what could not be kept.

    The format is `format`, else what the path's suffix names, else what the photo was read from.
    `quality` of 1–100 is for the lossy formats: as the JPEG it was read from, else a good one by
    default; 100 makes WebP and JPEG XL lossless. "strip" leaves what states the colours, nothing
    else.
    `background`, in bytes of sRGB, is what transparency is laid on where a format has none.

    Raises: UnwritableError.
    """
    if isinstance(target, str | PathLike):
        path = Path(target)
        chosen = format or (format_of(path) if path.suffix else None)
        encoded = _encoded(photo, chosen, quality, metadata, software, background)
        with replacing(path) as stream:
            stream.writelines(encoded.pieces)
    else:
        encoded = _encoded(photo, format, quality, metadata, software, background)
        target.writelines(encoded.pieces)
    return encoded.notes


def encode(
    photo: Photo,
    *,
    format: Format | None = None,
    quality: int | None = None,
    metadata: Literal["keep", "strip"] = "keep",
    software: str | None = None,
    background: Background = WHITE,
) -> bytes:
    """Return the bytes that `write` would write."""
    return b"".join(_encoded(photo, format, quality, metadata, software, background).pieces)


def losses(photo: Photo, format: Format) -> tuple[str, ...]:
    """Return what a photo would lose in a format, or why it cannot be written to it."""
    codec = codecs()[format]
    if codec.encode is None:
        return (f"{codec.title} is not written",)
    # One pixel says as much, with the least alpha of all.
    alpha = photo.alpha.min(keepdims=True) if photo.alpha is not None else None
    one = replace(photo, pixels=photo.pixels[:1, :1], alpha=alpha)
    try:
        return _encoded(one, format, None, "keep", None, WHITE).notes
    except UnwritableError as error:
        return (str(error),)


def _encoded(
    photo: Photo,
    format: Format | None,
    quality: int | None,
    metadata: Literal["keep", "strip"],
    software: str | None,
    background: Background,
) -> Encoded:
    name = format or photo.format
    suffixes = ", ".join(writable_suffixes())
    if name is None:
        raise UnwritableError(
            f"the photo was never a file, so name its format: format=, or a suffix of {suffixes}"
        )
    codec = codecs()[name]
    if codec.encode is None:
        raise UnwritableError(
            f"{codec.title} can be read but not written; write .avif or .jpg, or .tif for 16 bits "
            f"(there are: {suffixes})"
        )
    if photo.encoding != "srgb":
        raise ContractError(
            f"photo: only srgb pixels can be written, these are {photo.encoding}; develop them"
        )
    if quality is not None and not 1 <= quality <= 100:
        raise ContractError(f"quality: expected a whole number from 1 to 100, got {quality}")
    outgoing, notes = _fitted(photo, codec, quality, metadata, software, background)
    try:
        encoded = codec.encode(outgoing)
    # Encoders refuse sizes they cannot hold with exceptions of every type.
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UnwritableError(
            f"cannot write {photo.width} × {photo.height} pixels as {codec.title}: {reason}"
        ) from error
    return Encoded(encoded.pieces, (*notes, *encoded.notes))


def _fitted(
    photo: Photo,
    codec: Codec,
    quality: int | None,
    metadata: Literal["keep", "strip"],
    software: str | None,
    background: Background,
) -> tuple[Outgoing, list[str]]:
    """Reduce a photo to what a format can hold, and say what was lost."""
    notes: list[str] = []
    pixels: Pixels = photo.pixels
    alpha = photo.alpha
    if alpha is not None and not codec.has_alpha:
        # An opaque alpha says nothing: no note.
        if int(alpha.min()) < (1 << photo.bits) - 1:
            shown = "#" + bytes(background).hex()
            notes.append(f"transparency laid on {shown}: {codec.title} has none")
            pixels = laid_on(pixels, alpha, of_srgb(photo.colour, background))
        alpha = None
    colour, icc = saying.said(photo, codec, gray=pixels.ndim == 2, alpha=alpha is not None)
    if colour is not photo.colour:
        notes.append(f"colours converted to sRGB: {codec.title} holds no profile")
        seen = Bridge(photo.colour, bits=photo.bits).seen(pixels)
        pixels = seen if photo.bits == 16 else to_eight_bits(seen)
    if photo.bits > codec.bits:
        held = photo.depth if photo.depth and photo.depth > codec.bits else photo.bits
        notes.append(f"{held} bits rounded to 8: more is not written to {codec.title}")
        pixels = to_eight_bits(pixels)
        alpha = to_eight_bits(alpha) if alpha is not None else None
    keep = metadata == "keep"
    same = photo.format == codec.name
    beside = _held(photo.beside, codec, notes) if keep else NOTHING
    packet = photo.xmp if keep else None
    if packet is not None and beside.extended_xmp is None:
        packet = xmp.without_extension(packet)
    gain_map, motion = _parts(photo, codec, pixels, colour, metadata, notes)
    return Outgoing(
        pixels=pixels,
        alpha=alpha,
        icc=icc,
        exif=_blob(
            photo.exif if keep else None, colour, software if codec.holds_exif else None, notes
        ),
        xmp=packet,
        beside=beside,
        dpi=photo.dpi if keep else None,
        quality=quality or (photo.quality if same else None),
        subsampling=photo.subsampling if same else None,
        gain_map=gain_map,
        motion=motion,
        colour=colour,
        depth=photo.depth,
    ), notes


def _held(beside: Beside, codec: Codec, notes: list[str]) -> Beside:
    """Return what of it a format holds, and say what not."""
    texts = beside.texts
    if "texts" not in codec.holds:
        texts = tuple(one for one in texts if "comment" in codec.holds and one[0] == COMMENT)
    lost = dict.fromkeys(name for name, _ in beside.texts if (name, _) not in texts)
    resources, extended = beside.photoshop, beside.extended_xmp
    if resources is not None and "photoshop" not in codec.holds:
        has_iptc = photoshop.iptc(resources) is not None
        lost["IPTC data" if has_iptc else "Photoshop data"] = None
        resources = None
    if extended is not None and "extended XMP" not in codec.holds:
        lost["extended XMP"] = None
        extended = None
    if lost:
        notes.append(f"left out, {codec.title} has no place for it: {', '.join(lost)}")
    return Beside(texts, resources, extended)


def _parts(
    photo: Photo, codec: Codec, pixels: Pixels, colour: Colour, metadata: str, notes: list[str]
) -> tuple[GainMap | None, Motion | None]:
    """Return the gain map for these pixels and the video, where the format holds them."""
    found, motion = photo.gain_map, photo.motion
    if found is not None and codec.holds_parts:
        height, width = found.gains.shape[:2]
        seen = light.reduced(pixels, colour, height=height, width=width)
        found = for_picture(found, seen) if seen is not None else None
    elif found is not None:
        notes.append(f"HDR gain map left out: none is written to {codec.title}")
        found = None
    if motion is not None and (not codec.holds_parts or metadata == "strip"):
        why = "as metadata are" if codec.holds_parts else f"none is written to {codec.title}"
        notes.append(f"the video of the motion photo was left out: {why}")
        motion = None
    return found, motion


def _blob(
    blob: bytes | None, colour: Colour, software: str | None, notes: list[str]
) -> bytes | None:
    """Return the EXIF to write, checked, as a photo may be built with any bytes."""
    try:
        if blob is not None:
            # What a photo holds is upright, whatever the tag of a blob from elsewhere says.
            blob = exif.upright(blob, size=None)
            blob = exif.with_colour(blob, colour)
            return exif.with_software(blob, software) if software else blob
    except MalformedError as error:
        notes.append(f"malformed EXIF left out: {error}")
    return exif.with_software(None, software) if software else None
