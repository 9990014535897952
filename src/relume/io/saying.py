"""How each format states what a photo's numbers mean: by its profile, by numbers, or not at all."""

from __future__ import annotations

from relume.colour_statement import ASSUMED, Colour
from relume.colour_statement.icc import colour_space
from relume.colour_statement.icc_writer import gray_profile, profile
from relume.errors import UnwritableError
from relume.io.codec import Codec
from relume.photo import Photo


def said(photo: Photo, codec: Codec, *, gray: bool, alpha: bool) -> tuple[Colour, bytes | None]:
    """Return the colour that a file of a format will state, and the profile it states it by.

    A photo of sRGB that says nothing stays silent. Where the colour is another one than the
    photo's, pixels must be converted to it.

    Raises: UnwritableError for HDR light in a format that cannot state it.
    """
    colour = photo.colour
    if colour.is_hdr:
        if not codec.states_hdr:
            raise UnwritableError(
                f"{colour.name} is HDR, which {codec.title} files cannot state; "
                "write .png, .avif or .jxl"
            )
        return colour, None
    if not codec.states_colour:
        # What the profile's tables say could not be converted here: it is left as it is.
        same = colour.is_srgb or colour.primaries is None
        return (colour if same else ASSUMED), photo.icc
    needed = ("with alpha",) if alpha else ("alone", "with alpha")
    held_gray = gray and codec.holds_gray in needed
    return colour, _profile(photo, colour, held_gray)


def _profile(photo: Photo, colour: Colour, gray: bool) -> bytes | None:
    space = colour_space(photo.icc) if photo.icc is not None else None
    if space == ("GRAY" if gray else "RGB"):
        return photo.icc
    if colour.primaries is None or (space is None and colour.is_srgb):
        return photo.icc if space is None else None
    return gray_profile(colour) if gray else profile(colour)
