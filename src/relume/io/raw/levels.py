"""What the samples of an opened RAW file mean: filter, black, white, balance of white, matrix.

`raw` is an opened and unpacked file of rawpy everywhere here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Literal, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from relume.colour import camera_matrix
from relume.errors import ContractError
from relume.photo import Cfa, Mosaic

Gains: TypeAlias = tuple[float, float, float]
"""Of red, green and blue; that of green is 1."""
WhiteBalance: TypeAlias = Literal["camera", "auto"] | Gains
"""As the camera set it, by the mean of the picture being gray, or as given."""

PLATEAU = 0.97
"""Share of the largest sample above which saturated ones lie: sites differ by a few per cent."""
SHARE = 2e-5
"""Of a colour's sites; fewer at one level are hot pixels."""
SATURATED = 0.9
"""Of white: sites above say nothing about colour."""


GRAY_WORLD = "gray-world white balance"


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


def black(raw: Any) -> tuple[float, float, float, float]:
    """Return the counts at no light of the first 2 × 2 visible sites."""
    levels = raw.black_level_per_channel
    first, second, third, fourth = (float(levels[colour]) for colour in _colours(raw))
    return first, second, third, fourth


def white(raw: Any) -> float:
    """Return the counts at which a Bayer sensor saturates.

    Tables of cameras often state the largest number the file could hold. Where samples of all
    colours pile up below it at one level, that is saturation: no light does this.
    """
    stated = float(raw.white_level)
    own = [float(level) for level in raw.camera_white_level_per_channel or () if level > 0]
    stated = min([stated, *(level for level in own if level > stated / 2)])
    samples = raw.raw_image_visible
    most = float(samples.max())
    if not 0.75 * stated <= most < stated:  # as LibRaw: a table is never wrong by more
        return stated
    sites = [samples[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    over = [site[site >= PLATEAU * most] for site in sites]
    if any(found.size < SHARE * site.size for found, site in zip(over, sites, strict=True)):
        return stated
    return min(float(np.median(found)) for found in over)


def matrix(raw: Any) -> NDArray[np.float64]:
    """Return white-balanced camera RGB → linear sRGB."""
    stated = np.asarray(raw.color_matrix, np.float64)[:3, :3]
    if stated.any():
        return stated
    camera = np.asarray(raw.rgb_xyz_matrix, np.float64)[:3, :3]
    return camera_matrix(camera) if camera.any() else np.eye(3)


def gains(raw: Any, wanted: WhiteBalance) -> tuple[Gains, str]:
    """Return the gains of the white balance, and for people where they come from."""
    if raw.num_colors == 1:
        return (1.0, 1.0, 1.0), "in gray, as its sensor sees no colours"
    if wanted == "auto":
        return gray_world(_by_colour(raw)), GRAY_WORLD
    if wanted != "camera":
        return checked(wanted), as_given(wanted)
    camera = [float(gain) for gain in raw.camera_whitebalance[:3]]
    if min(camera) > 0.0:
        return _by_green(camera), "white balance of the camera"
    # Daylight's gains would turn a room lit by lamps orange.
    return gray_world(_by_colour(raw)), f"{GRAY_WORLD}, as the file states none"


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


def _by_colour(raw: Any) -> Iterator[tuple[str, NDArray[np.floating[Any]]]]:
    """Yield the letter of each site of the filter, or of each channel, with its light."""
    samples, levels = raw.raw_image_visible, raw.black_level_per_channel
    most = float(raw.white_level)

    def light(part: Any, colour: int) -> Any:
        level = np.float32(levels[colour])
        return (part.astype(np.float32) - level) / (np.float32(most) - level)

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


def mosaic(raw: Any, wanted: WhiteBalance) -> tuple[Mosaic, str]:
    """Return the visible mosaic of a file without oddity, as it lies on the sensor, and words for
    its white balance."""
    found, words = gains(raw, wanted)
    seconds, iso = float(raw.other.shutter_speed), float(raw.other.iso_speed)
    return Mosaic(
        samples=raw.raw_image_visible.copy(),
        cfa=cast(Cfa, _letters(raw)),
        black=black(raw),
        white=white(raw),
        white_balance=found,
        matrix=matrix(raw),
        exposure_seconds=seconds if seconds > 0.0 else None,
        iso=iso if iso > 0.0 else None,
    ), words


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
