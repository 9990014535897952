"""`relume inspect`: what is understood of a file, and what each format would lose of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, cast

import typer

from relume.cli._options import Json, MaxBytes, MaxPixels, limits

EXAMPLES = """\
relume inspect party.jpg
relume inspect night.ARW --json
relume inspect *.avif"""


def inspect(
    files: Annotated[list[str], typer.Argument(metavar="FILE", help="Pictures.")],
    as_json: Json = False,
    max_pixels: MaxPixels = None,
    max_bytes: MaxBytes = None,
) -> None:
    """Show what is understood of a file.

    Format, size, depth, colour and who states it, orientation, pages, HDR gain map, the video of a
    motion photo, what a camera's RAW says of its counts, metadata, and what would be lost in each
    format it could be written to. A file that cannot be read is reported, and the end is then 1.
    """
    from relume.cli import clean, explain, named
    from relume.errors import RelumeError
    from relume.io.inspecting import inspect as look_into

    given = limits(max_pixels=max_pixels, max_bytes=max_bytes)
    failed = False
    for number, name in enumerate(files):
        try:
            facts = look_into(name, **given).facts
        except RelumeError as error:
            failed = True
            message = explain(error)
            typer.echo(f"relume: {clean(named(name, message))}", err=True)
            if as_json:
                typer.echo(json.dumps({"file": name, "error": message}))
            continue
        if as_json:
            typer.echo(json.dumps({"file": name, **facts}))
            continue
        if number:
            typer.echo()
        typer.echo(clean(name))
        for topic, words in _lines(facts):
            typer.echo(f"  {topic:12} {clean(words)}")
    if failed:
        raise typer.Exit(1)


def _lines(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return topic and words, in the order people ask."""
    alpha = " with alpha" if facts["alpha"] else ""
    size = f"{facts['width']} × {facts['height']}, {facts['depth']} bits{alpha}"
    lines = [("format", facts["format"]), ("size", size)]
    if facts["quality"] is not None:
        lines.append(("quality", f"{facts['quality']} {facts['subsampling'] or ''}".strip()))
    if facts["colour"] is not None:
        colour = facts["colour"]
        light = ", HDR" if colour["hdr"] else ""
        lines.append(("colour", f"{colour['name']}{light} ({colour['by']})"))
    if facts["orientation"] != 1:
        lines.append(("orientation", f"{facts['orientation']}, turned upright"))
    if facts["pages"] > 1:
        lines.append(("pages", str(facts["pages"])))
    if facts["gain map"] is not None:
        found = facts["gain map"]
        size = f"{found['width']} × {found['height']}"
        lines.append(("gain map", f"{size}, HDR up to {found['headroom']:g} stops over white"))
    if facts["motion"] is not None:
        lines.append(("motion", f"a video of {facts['motion']['bytes']} bytes"))
    if facts["raw"] is not None:
        words = ", ".join(f"{name} {_word(name, value)}" for name, value in facts["raw"].items()
                          if value is not None)  # fmt: skip
        lines.append(("sensor", words))
    for name, value in facts["metadata"].items():
        words = f"{value} bytes" if isinstance(value, int) else ", ".join(value)
        lines.append((name, words))
    lines += [("note", note) for note in facts["notes"]]
    kept = [name for name, lost in facts["losses"].items() if not lost]
    if kept:
        lines.append(("keeps all", ", ".join(kept)))
    lines += [(f"as {name}", "; ".join(lost)) for name, lost in facts["losses"].items() if lost]
    return lines


def _word(name: str, value: Any) -> str:
    """Return a number of the sensor as people read it: times in seconds, or parts of one."""
    if isinstance(value, list):
        return " ".join(_word("", one) for one in cast("list[Any]", value))
    if name == "exposure":
        return f"{value:.3g} s" if value >= 0.3 or value <= 0 else f"1/{1 / value:.0f} s"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
