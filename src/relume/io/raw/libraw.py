"""Camera RAW through LibRaw (rawpy): the bare mosaic, or a picture developed from it.

What a DNG states about its samples is read here and done before LibRaw sees them: its own black
levels are whole numbers, its white of other sensors than Bayer hangs on the brightest pixel, and
exposure and crop it leaves to its callers.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from relume.errors import UnreadableError
from relume.extras import need
from relume.io import pixels
from relume.io.codec import Admit, Incoming
from relume.io.metadata import icc
from relume.io.raw import (
    binned,
    developed,
    dng,
    dng_tags,
    dng_white,
    exif,
    floats,
    frame,
    levels,
    messages,
    normalised,
    refusals,
)
from relume.io.raw.dng_tags import Stated
from relume.io.raw.frame import Shown
from relume.io.raw.levels import Gains, Levels, WhiteBalance
from relume.photo import Mosaic, Want

LEAST_SIDE = 22
"""LibRaw takes anything smaller for no picture."""
FOVEON = b"FOVb"
NO_LIGHT = (0.0, 0.0, 0.0, 0.0)

NO_MOSAIC = "no Bayer mosaic inside"
"""Begins the note that a file was developed although its mosaic was wanted."""
UNCORRECTED = "the lens corrections that the file asks for were not made"


@dataclass(frozen=True, eq=False)
class _Opened:
    """A RAW file whose samples are unpacked."""

    data: bytes
    raw: Any
    stated: Stated | None
    shown: Shown

    def mosaic(self, found: Gains, camera: Gains | None) -> Mosaic:
        """Return what is shown of a Bayer mosaic, as it lies on the sensor."""
        raw, stated, shown = self.raw, self.stated, self.shown
        where = {"top": shown.top, "left": shown.left}
        white = levels.white(raw, stated, camera)
        if stated is None:
            black = levels.libraw_blacks(raw, **where)
        else:
            margins = raw.sizes.top_margin, raw.sizes.left_margin
            black = levels.site_blacks(
                stated, top=shown.top + margins[0], left=shown.left + margins[1]
            )
        if black is None or (stated is not None and stated.floating):
            black, white = NO_LIGHT, self.normalise(camera).white
        seconds, iso = float(raw.other.shutter_speed), float(raw.other.iso_speed)
        return Mosaic(
            samples=raw.raw_image_visible[shown.slices].copy(),
            cfa=levels.cfa_at(raw, **where),
            black=black,
            white=white,
            white_balance=found,
            matrix=levels.matrix(raw),
            exposure_seconds=seconds if seconds > 0.0 else None,
            iso=iso if iso > 0.0 else None,
            baseline_exposure=stated.baseline_exposure if stated is not None else 0.0,
            crop=shown.within(raw.sizes),
        )

    def normalise(self, camera: Gains | None, *, white: float | None = None) -> Levels:
        """Bring the samples of a DNG to reference values in place, and return the levels of any
        file; `white` is the counts at saturation where they are known better."""
        raw, stated = self.raw, self.stated
        if stated is None:
            return levels.of(raw, stated, camera)
        found = levels.white(raw, stated, camera) if white is None else white
        each = np.array(stated.white)
        frame_image = raw.raw_image
        target = frame_image if frame_image.ndim == 3 else frame_image[..., None]
        source = floats.decode(self.data, stated) if stated.floating else target
        normalised.rescale(
            source[..., : stated.samples],
            stated,
            at=(0, 0),
            white=each * (found / each.min()),
            target=target[..., : stated.samples],
        )
        return levels.NORMALISED


def decode(
    data: bytes,
    admit: Admit,
    *,
    want: Want = "developed",
    white_balance: WhiteBalance = "camera",
    ev: float = 0.0,
) -> Incoming:
    """Read camera RAW; what has no Bayer mosaic is developed, whatever is wanted.

    `ev` is exposure in stops on top of what was captured, for developed pictures.

    Raises: UnreadableError for an unsupported camera or a file that is cut off;
    MissingExtraError.
    """
    with _opened(data, admit) as (opened, notes):
        raw, stated = opened.raw, opened.stated
        about = Incoming(
            _NOTHING, exif=exif.extract(data, raw), xmp=exif.packet(data), upright=True
        )
        if stated is not None and stated.wants_corrections:
            notes.append(UNCORRECTED)
        camera = levels.of_camera(raw, stated)
        if stated is not None and (factor := _blocks(raw, stated)):
            mosaic, words = _binned(opened, stated, factor, white_balance, camera)
            if factor > 1:
                notes.append(f"the mean of each {factor} × {factor} sites of one colour")
            found = of_mosaic(mosaic, words, admit, want=want, ev=ev)
            notes.extend(found.notes)
            return replace(found, exif=about.exif, xmp=about.xmp, notes=tuple(notes))
        oddity = levels.oddity(raw)
        if want == "mosaic" and not oddity:
            gains, words = levels.gains(
                raw, white_balance, camera=camera, levels=levels.of(raw, stated, camera)
            )
            mosaic = turned(opened.mosaic(gains, camera), developed.EXIF_OF_FLIP[raw.sizes.flip])
            notes.append(f"from the mosaic, {words}")
            return replace(about, pixels=mosaic.samples, mosaic=mosaic, notes=tuple(notes))
        if want == "mosaic":
            notes.append(f"{NO_MOSAIC}: {oddity}")
            if crop := opened.shown.within(raw.sizes):
                notes.append("cropped to {2} rows and {3} columns from {0}, {1}".format(*crop))
        told = opened.normalise(camera)
        if data.startswith(FOVEON):  # LibRaw alone knows the levels of its layers
            told = replace(told, white=0.0)
        gains, words = levels.gains(raw, white_balance, camera=camera, levels=told)
        notes.append(f"developed, {words}")
        stops = ev + (stated.baseline_exposure if stated is not None else 0.0)
        picture = developed.develop(raw, told, gains, shown=opened.shown, ev=stops)
    return replace(about, pixels=picture, icc=icc.srgb(), notes=tuple(notes))


_NOTHING = np.zeros((1, 1), np.uint16)


def of_mosaic(mosaic: Mosaic, words: str, admit: Admit, *, want: Want, ev: float) -> Incoming:
    """Go on with a mosaic as with one from a RAW file; `words` tell of its balance of white.

    White is the mosaic's own, whatever its samples pile up at.

    Raises: UnreadableError for one that is too small.
    """
    if want == "mosaic":
        return Incoming(
            mosaic.samples, mosaic=mosaic, upright=True, notes=(f"from the mosaic, {words}",)
        )
    if min(mosaic.samples.shape) < LEAST_SIDE:
        raise UnreadableError(
            f"a mosaic of fewer than {LEAST_SIDE} sites a side is too small to develop"
        )
    reference = mosaic.normalised() * np.float32(normalised.TOP) + np.float32(0.5)
    plain = replace(
        mosaic, samples=reference.astype(np.uint16), black=NO_LIGHT, white=normalised.TOP
    )
    with _opened(dng.of_mosaic(plain), admit) as (opened, _):
        told = opened.normalise(mosaic.white_balance, white=float(normalised.TOP))
        stops = ev + mosaic.baseline_exposure
        picture = developed.develop(
            opened.raw, told, mosaic.white_balance, shown=opened.shown, ev=stops
        )
    return Incoming(picture, icc=icc.srgb(), upright=True, notes=(f"developed, {words}",))


def _blocks(raw: Any, stated: Stated) -> int:
    """Return the side of the filter's blocks where LibRaw does not know the filter; else 0.

    Raises: UnreadableError for a filter that nothing here knows.
    """
    cfa = stated.cfa
    if cfa is None or raw.raw_type.name != "Flat" or raw.num_colors != 3:
        return 0
    factor = binned.block(cfa)
    if factor < 2 and cfa.shape == raw.raw_pattern.shape:
        known = [[raw.color_desc[raw.raw_color(*at)] for at in row] for row in _at(cfa)]
        # LibRaw moves odd margins by one, and the filter with them.
        away = (stated.origin[0] - raw.sizes.top_margin, stated.origin[1] - raw.sizes.left_margin)
        there = np.roll(cfa, away, axis=(0, 1))
        if (np.array(known) == np.frombuffer(b"RGB", np.uint8)[np.minimum(there, 2)]).all():
            return 0
    if not factor:
        rows, columns = cfa.shape
        raise UnreadableError(
            f"its colour filter repeats every {rows} × {columns} sites in a way that is not known; "
            "convert the file to a linear DNG"
        )
    return factor


def _at(cfa: NDArray[np.uint8]) -> list[list[tuple[int, int]]]:
    return [[(row, column) for column in range(cfa.shape[1])] for row in range(cfa.shape[0])]


def _binned(
    opened: _Opened, stated: Stated, factor: int, wanted: WhiteBalance, camera: Gains | None
) -> tuple[Mosaic, str]:
    """Return the upright mosaic of a filter of blocks, and words for its balance of white."""
    raw, cfa, shown = opened.raw, stated.cfa, opened.shown
    assert cfa is not None
    opened.normalise(camera, white=min(stated.white))
    top, left = stated.origin
    samples, letters = binned.binned(raw.raw_image[top:, left:], cfa, factor)
    first = (
        (shown.top + raw.sizes.top_margin - top) // factor,
        (shown.left + raw.sizes.left_margin - left) // factor,
    )
    rows = slice(first[0], first[0] + max(shown.height // factor, 2))
    columns = slice(first[1], first[1] + max(shown.width // factor, 2))
    pattern = np.array(list(letters)).reshape(2, 2)
    pattern = np.roll(pattern, (-(first[0] % 2), -(first[1] % 2)), axis=(0, 1))
    mosaic = Mosaic(
        samples[rows, columns].copy(),  # LibRaw's memory is its own
        "".join(pattern.ravel()),  # pyright: ignore[reportArgumentType]
        NO_LIGHT,
        float(normalised.TOP),
        matrix=levels.matrix(raw),
        baseline_exposure=stated.baseline_exposure,
        crop=shown.within(raw.sizes),
    )
    gains, words = levels.of_mosaic(mosaic, wanted, camera=camera)
    mosaic = turned(mosaic, developed.EXIF_OF_FLIP[raw.sizes.flip])
    return replace(mosaic, white_balance=gains), words


@contextmanager
def _opened(data: bytes, admit: Admit) -> Generator[tuple[_Opened, list[str]]]:
    """Open RAW data and unpack its samples, quietly."""
    rawpy: Any = need("rawpy", extra="raw")
    if reason := refusals.known(data):
        raise UnreadableError(reason)
    notes: list[str] = []
    raw: Any = rawpy.RawPy()
    try:
        with messages.caught() as said:
            raw.open_buffer(BytesIO(dng_white.without_chromaticity(data)))
            admit(max(raw.sizes.raw_width, raw.sizes.iwidth),
                  max(raw.sizes.raw_height, raw.sizes.iheight))  # fmt: skip
            raw.unpack()
        if said.is_cut_off:
            raise UnreadableError("a camera RAW file that is cut off: copy it from the card again")
        if said.is_corrupt:
            notes.append("part of the file is damaged: some of the picture may be missing")
        stated = dng_tags.read(
            data,
            width=raw.sizes.raw_width,
            height=raw.sizes.raw_height,
            samples=1 if raw.raw_type.name == "Flat" else 3,
        )
        yield _Opened(data, raw, stated, frame.shown(raw, stated)), notes
    except rawpy.LibRawFileUnsupportedError as error:
        raise UnreadableError(
            refusals.after_failure(data)
            or "LibRaw knows no camera that writes such files, or this one is cut off; "
            "convert it to DNG with the maker's or Adobe's converter"
        ) from error
    except rawpy.LibRawError as error:
        raise UnreadableError(
            refusals.after_failure(data) or f"damaged or cut off: LibRaw says {_said(error)}"
        ) from error
    finally:
        raw.close()


def _said(error: Exception) -> str:
    said = error.args[0] if error.args else type(error).__name__
    return said.decode("ascii", "replace").lower() if isinstance(said, bytes) else str(said)


def turned(mosaic: Mosaic, orientation: int) -> Mosaic:
    """Turn a mosaic upright, its colour filter with it."""
    if orientation == 1:
        return mosaic
    return levels.relabelled(mosaic, lambda array: pixels.turned(array, orientation))
