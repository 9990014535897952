"""What the samples of an opened RAW file mean: filter, black, white, balance of white, matrix.

`raw` is an opened and unpacked file of rawpy everywhere here, `stated` what a DNG says of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from relume.colour import camera_matrix
from relume.errors import ContractError
from relume.io.raw import normalised, saturation
from relume.io.raw.dng_tags import Stated
from relume.photo import Cfa, Mosaic

Gains: TypeAlias = tuple[float, float, float]
"""Of red, green and blue; that of green is 1."""
WhiteBalance: TypeAlias = Literal["camera", "auto"] | Gains
"""As the camera set it, by the mean of the picture being gray, or as given."""

SATURATED = 0.9
"""Of white: sites above say nothing about colour."""
GRAY_WORLD = "gray-world white balance"


@dataclass(frozen=True)
class Levels:
    """Counts at no light, for each of LibRaw's four colours, and at saturation."""

    black: tuple[float, ...]
    white: float
    normalised: bool
    """The samples are reference values already: LibRaw is to take no other levels for them."""


NORMALISED = Levels((0.0,) * 4, float(normalised.TOP), normalised=True)


def oddity(raw: Any) -> str:
    """Say why a file holds no Bayer mosaic; empty when it does."""
    if raw.raw_type.name != "Flat":
        return "its pixels have all three colours already"
    if raw.num_colors != 3:
        return f"its sensor tells {raw.num_colors} colours apart, not 3"
    pattern = raw.raw_pattern
    if pattern.shape != (2, 2):
        height, width = pattern.shape
        return f"its colour filter repeats every {height} × {width} sites (X-Trans)"
    if sorted(_letters(raw)) != ["B", "G", "G", "R"]:
        return f"its colour filter is {_letters(raw)}"
    if raw.sizes.pixel_aspect != 1.0:
        return "its pixels are not square"
    return ""


def _letters(raw: Any) -> str:
    return "".join(chr(raw.color_desc[colour]) for colour in _colours(raw))


def _colours(raw: Any) -> list[int]:
    """Return LibRaw's numbers of the colours of the first 2 × 2 visible sites."""
    # Whatever rawpy's documentation says, LibRaw counts from the first visible site.
    return [raw.raw_color(row, column) for row in (0, 1) for column in (0, 1)]


def of(raw: Any, stated: Stated | None, gains: Gains | None) -> Levels:
    """Return the levels of a file as LibRaw knows them, white of a filtered sensor as found.

    A DNG's own are in `stated` too, with fractions, and are the ones to use: `white`.
    """
    black = tuple(float(level) for level in raw.black_level_per_channel)
    return Levels(black, white(raw, stated, gains), normalised=False)


def white(raw: Any, stated: Stated | None, gains: Gains | None) -> float:
    """Return the counts at which a sensor saturates: as the file states, or less where samples of
    all colours of a filter pile up below it."""
    blacks = [float(level) for level in raw.black_level_per_channel]
    if stated is not None:
        most = min(stated.white)
        blacks = [float(stated.black.mean())] * 4
    else:
        most = float(raw.white_level)
        own = [float(level) for level in raw.camera_white_level_per_channel or () if level > 0]
        most = min([most, *(level for level in own if level > most / 2)])
    if raw.raw_type.name != "Flat" or raw.num_colors != 3 or (stated and stated.floating):
        return most
    samples = raw.raw_image_visible
    height, width = raw.raw_pattern.shape
    places = [(row, column) for row in range(height) for column in range(width)]
    return saturation.found(
        [samples[row::height, column::width] for row, column in places],
        blacks=[blacks[raw.raw_color(row, column)] for row, column in places],
        stated=most,
        gains=gains,
    )


def site_blacks(stated: Stated, *, top: int, left: int) -> tuple[float, float, float, float] | None:
    """Return black of the 2 × 2 sites from a place of the frame; None where four do not say all."""
    rows, columns = stated.black.shape[:2]
    if rows > 2 or columns > 2 or stated.black_rows.size or stated.black_columns.size:
        return None
    first, second, third, fourth = normalised.site_black(
        stated, np.arange(top, top + 2), np.arange(left, left + 2)
    )[..., 0].ravel()
    return float(first), float(second), float(third), float(fourth)


def libraw_blacks(raw: Any, *, top: int, left: int) -> tuple[float, float, float, float]:
    """Return black of the 2 × 2 sites from a place of the visible area, as LibRaw knows it."""
    known = raw.black_level_per_channel
    first, second, third, fourth = (
        float(known[raw.raw_color(top + row, left + column)]) for row in (0, 1) for column in (0, 1)
    )
    return first, second, third, fourth


def cfa_at(raw: Any, *, top: int, left: int) -> Cfa:
    """Return the filter's letters from a place of the visible area."""
    colours = (raw.raw_color(top + row, left + column) for row in (0, 1) for column in (0, 1))
    return cast(Cfa, "".join(chr(raw.color_desc[colour]) for colour in colours))


def matrix(raw: Any) -> NDArray[np.float64]:
    """Return white-balanced camera RGB → linear sRGB."""
    stated = np.asarray(raw.color_matrix, np.float64)[:3, :3]
    if stated.any():
        return stated
    camera = np.asarray(raw.rgb_xyz_matrix, np.float64)[:3, :3]
    return camera_matrix(camera) if camera.any() else np.eye(3)


def of_camera(raw: Any, stated: Stated | None) -> Gains | None:
    """Return the gains that the camera set; None where the file says nothing of them."""
    if raw.num_colors == 1:
        return None
    if stated is not None and stated.neutral is not None:
        return _by_green([1.0 / level for level in stated.neutral])
    camera = [float(gain) for gain in raw.camera_whitebalance[:3]]
    return _by_green(camera) if min(camera) > 0.0 else None


def gains(
    raw: Any, wanted: WhiteBalance, *, camera: Gains | None, levels: Levels
) -> tuple[Gains, str]:
    """Return the gains of the white balance, and for people where they come from."""
    if raw.num_colors == 1:
        return (1.0, 1.0, 1.0), "in gray, as its sensor sees no colours"
    if wanted == "auto":
        return gray_world(_by_colour(raw, levels)), GRAY_WORLD
    if wanted != "camera":
        return checked(wanted), as_given(wanted)
    if camera is not None:
        return camera, "white balance of the camera"
    # Daylight's gains would turn a room lit by lamps orange.
    return gray_world(_by_colour(raw, levels)), f"{GRAY_WORLD}, as the file states none"


def of_mosaic(mosaic: Mosaic, wanted: WhiteBalance, *, camera: Gains | None) -> tuple[Gains, str]:
    """Return the gains of a mosaic's white balance, and for people where they come from."""
    if wanted == "camera" and camera is not None:
        return camera, "white balance of the camera"
    if wanted not in ("camera", "auto"):
        return checked(wanted), as_given(wanted)
    plane = mosaic.normalised()
    sites = ((*divmod(site, 2), letter) for site, letter in enumerate(mosaic.cfa))
    light = ((letter, plane[row::2, column::2]) for row, column, letter in sites)
    return gray_world(light), GRAY_WORLD


def _by_green(found: list[float]) -> Gains:
    return found[0] / found[1], 1.0, found[2] / found[1]


def as_given(wanted: Gains) -> str:
    return "white balance " + ",".join(f"{gain:g}" for gain in wanted)


def checked(wanted: Gains) -> Gains:
    """Bring gains to 1 for green. Raises: ContractError for gains that are not positive."""
    if not all(np.isfinite(wanted)) or min(wanted) <= 0.0:
        raise ContractError(f"white balance: expected three gains above 0, got {wanted}")
    return _by_green(list(wanted))


def gray_world(found: Iterable[tuple[str, NDArray[np.floating[Any]]]]) -> Gains:
    """Return the gains that make the mean of a picture gray, from unsaturated light by colour."""
    sums, counts = dict.fromkeys("RGB", 0.0), dict.fromkeys("RGB", 0)
    for letter, light in found:
        unsaturated = light[light < SATURATED]
        sums[letter] += float(unsaturated.sum(dtype=np.float64))
        counts[letter] += unsaturated.size
    means = [sums[letter] / max(counts[letter], 1) for letter in "RGB"]
    # A picture without light of some colour has no mean to go by.
    return (means[1] / means[0], 1.0, means[1] / means[2]) if min(means) > 0 else (1.0, 1.0, 1.0)


def _by_colour(raw: Any, levels: Levels) -> Iterator[tuple[str, NDArray[np.floating[Any]]]]:
    """Yield the letter of each site of the filter, or of each channel, with its light."""
    samples = raw.raw_image_visible

    def light(part: Any, colour: int) -> Any:
        level = np.float32(levels.black[colour])
        return (part.astype(np.float32) - level) / (np.float32(levels.white) - level)

    if samples.ndim == 3:
        for colour in range(3):
            yield "RGB"[colour], light(samples[..., colour], colour)
        return
    height, width = raw.raw_pattern.shape
    for row in range(height):
        for column in range(width):
            colour = raw.raw_color(row, column)
            letter = chr(raw.color_desc[colour])
            if letter in "RGB":
                yield letter, light(samples[row::height, column::width], colour)


def relabelled(mosaic: Mosaic, turn: Callable[[Any], Any]) -> Mosaic:
    """Turn a mosaic and find its filter's letters and black levels where they then lie."""
    height, width = mosaic.samples.shape
    # Which of the four sites each corner pixel is: a small stand-in of the same parity is turned.
    sites = np.indices((2 + height % 2, 2 + width % 2)) % 2
    first = turn(sites[0] * 2 + sites[1])[:2, :2].ravel()
    a, b, c, d = (mosaic.black[site] for site in first)
    return replace(
        mosaic,
        samples=turn(mosaic.samples),
        cfa=cast(Cfa, "".join(mosaic.cfa[site] for site in first)),
        black=(a, b, c, d),
    )
