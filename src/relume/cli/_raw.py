"""Options for camera RAW and plain mosaics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, TypeAlias, cast

import typer

from relume.errors import ContractError
from relume.extras import missing, pip_line

if TYPE_CHECKING:
    from relume.io.raw.levels import WhiteBalance
    from relume.io.raw.plain_mosaic import Sensor
    from relume.photo import Cfa

WhiteBalanceOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--wb",
        metavar="camera|auto|R,G,B",
        help="White balance of camera RAW: as shot, gray on average, or gains.",
    ),
]
Ev: TypeAlias = Annotated[
    float,
    typer.Option(
        "--ev",
        min=-8.0,
        max=8.0,
        metavar="STOPS",
        help="Exposure of camera RAW, on top of what was captured or a RAW method made.",
    ),
]
RawTo: TypeAlias = Annotated[
    str,
    typer.Option(
        "--raw-to", metavar="EXT", help="Format of results of camera RAW where -o names no file."
    ),
]
CfaOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--cfa",
        metavar="RGGB",
        help="Read .npy, headerless .raw and gray TIFF and PNG as mosaics with this filter.",
    ),
]
Black: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--black",
        metavar="N[,N,N,N]",
        help="Counts of such a mosaic at no light, or one for each site of the filter.",
    ),
]
White: TypeAlias = Annotated[
    float | None,
    typer.Option("--white", metavar="N", help="Its counts at saturation."),
]
Size: TypeAlias = Annotated[
    str | None,
    typer.Option("--size", metavar="WxH", help="Of a headerless .raw."),
]


def parse_white_balance(text: str) -> WhiteBalance:
    """Understand --wb. Raises: typer.BadParameter."""
    if text in ("camera", "auto"):
        return text
    gains = _numbers(text)
    if len(gains) != 3:
        raise typer.BadParameter(f"--wb wants camera, auto or three gains R,G,B, got {text!r}")
    return gains[0], gains[1], gains[2]


def parse_sensor(
    *, cfa: str | None, black: str | None, white: float | None, size: str | None
) -> Sensor | None:
    """Understand --cfa, --black, --white and --size, which belong together.

    Raises: ContractError; typer.BadParameter.
    """
    from relume.io.raw.plain_mosaic import Sensor

    if cfa is None and black is None and white is None and size is None:
        return None
    if cfa is None or black is None or white is None:
        raise ContractError("--cfa, --black and --white describe a plain mosaic together")
    levels = _numbers(black)
    levels = levels * 4 if len(levels) == 1 else levels
    if len(levels) != 4:
        raise typer.BadParameter(f"--black wants one level or four, got {black!r}")
    sides: tuple[int, int] | None = None
    if size is not None:
        width, _, height = size.lower().partition("x")
        if not (width.isdecimal() and height.isdecimal()):
            raise typer.BadParameter(f"--size wants WIDTHxHEIGHT, got {size!r}")
        sides = int(width), int(height)
    return Sensor(
        cfa=cast("Cfa", cfa.upper()),
        black=(levels[0], levels[1], levels[2], levels[3]),
        white=white,
        size=sides,
    )


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        return ()


def searched(suffixes: Mapping[str, str], sensor: Sensor | None) -> frozenset[str]:
    """Return the suffixes a folder is searched for: RAW where it can be read, plain mosaics where
    it was said what they mean."""
    from relume.io.raw.kinds import SUFFIXES as RAW
    from relume.io.raw.plain_mosaic import SUFFIXES as PLAIN

    known = frozenset(suffixes) - (RAW if "rawpy" in missing("raw") else frozenset[str]())
    return known | frozenset(PLAIN if sensor is not None else ())


def lacking() -> dict[str, str]:
    """Return the suffixes of camera RAW → the line that lets it be read, where it cannot be."""
    from relume.io.raw.kinds import SUFFIXES as RAW

    return dict.fromkeys(RAW, pip_line("raw")) if "rawpy" in missing("raw") else {}


def results(raw_to: str) -> dict[str, str]:
    """Return suffix → that of the result, where it is another one.

    Raises: UnwritableError for a format that is not written.
    """
    from relume.io import format_of
    from relume.io.formats import codecs
    from relume.io.raw.kinds import SUFFIXES as RAW
    from relume.io.raw.plain_mosaic import SUFFIXES as PLAIN
    from relume.runs.plan import BECOMES

    suffix = "." + raw_to.lower().removeprefix(".")
    if codecs()[format_of(f"night{suffix}")].encode is None:
        raise ContractError(f"--raw-to {raw_to}: this format is only read; choose tif, jpg or dng")
    return {**BECOMES, **dict.fromkeys((*RAW, *PLAIN), suffix)}
