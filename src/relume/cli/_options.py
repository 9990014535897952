"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias, TypedDict

import typer


def complete_method(incomplete: str) -> list[str]:
    """Return the methods a shell may complete to."""
    from relume import methods

    return [name for name in ("auto", *methods.names()) if name.startswith(incomplete)]


def complete_knob(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the knobs of the method given before, ready for their value."""
    from relume import methods
    from relume.auto import unless_named

    name = unless_named(ctx.params.get("method"), {"": 0.0})
    method, _ = methods.parted(name)
    card = methods.card(method) if method in methods.names() else None
    knobs = (*card.knobs, *card.built) if card is not None else ()
    return [f"{knob.name}=" for knob in knobs if knob.name.startswith(incomplete)]


def parse_knobs(settings: Sequence[str]) -> dict[str, float]:
    """Turn NAME=VALUE texts into numbers by name.

    Raises: typer.BadParameter for another form; what the numbers mean is the card's business.
    """
    knobs: dict[str, float] = {}
    for setting in settings:
        name, sign, value = setting.partition("=")
        try:
            if not (name and sign):
                raise ValueError
            knobs[name] = float(value)
        except ValueError:
            raise typer.BadParameter(
                f"--knob wants NAME=VALUE with a number, got {setting!r}"
            ) from None
    return knobs


def parse_background(text: str) -> tuple[int, int, int]:
    """Turn white, black or #RRGGBB into bytes of sRGB.

    Raises: typer.BadParameter for another form.
    """
    digits = {"white": "ffffff", "black": "000000"}.get(text.lower(), text.removeprefix("#"))
    try:
        red, green, blue = bytes.fromhex(digits)
    except ValueError:
        raise typer.BadParameter(
            f"--background wants white, black or #RRGGBB, got {text!r}"
        ) from None
    return red, green, blue


class Limits(TypedDict, total=False):
    """Arguments of the reader."""

    max_pixels: int
    max_bytes: int


def limits(*, max_pixels: int | None, max_bytes: int | None) -> Limits:
    """Return the reader's arguments for limits that were set; the others stay its own."""
    given: Limits = {}
    if max_pixels is not None:
        given["max_pixels"] = max_pixels
    if max_bytes is not None:
        given["max_bytes"] = max_bytes
    return given


KnobOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--knob",
        "-k",
        metavar="NAME=VALUE",
        help="Set a knob of the method, of relume unless one is named; may be repeated.",
        autocompletion=complete_knob,
    ),
]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
BackgroundOption: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="COLOUR",
        help="What transparency is laid on where a format has none: white, black or #RRGGBB.",
    ),
]
MaxPixels: TypeAlias = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Refuse pictures with more pixels.")
]
MaxBytes: TypeAlias = Annotated[
    int | None, typer.Option(min=1, metavar="N", help="Refuse files with more bytes.")
]
Engine: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="NAME[:DEVICE]", help="What runs the networks; `relume doctor` lists them."
    ),
]
