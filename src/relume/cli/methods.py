"""`relume methods`: what there is, where it came from, what it costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from relume.cli._options import Json, complete_method

if TYPE_CHECKING:
    from relume.card import Card, Knob

EXAMPLES = """\
relume methods
relume methods gamma
relume methods --json"""


def methods(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            help="Show everything about this method.",
            autocompletion=complete_method,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """List the methods, or show one in full."""
    from relume import methods as registry

    if as_json:
        chosen = registry.cards() if name is None else (registry.card(name),)
        typer.echo(json.dumps([asdict(card) for card in chosen], indent=2))
    elif name is None:
        _list(registry.cards())
    else:
        for label, text in _lines(registry.card(name)):
            typer.echo(f"{label:<12}{text}")


def _list(cards: tuple[Card, ...]) -> None:
    from relume.cli._table import show_table

    show_table(
        ("name", "kind", "year", "knobs", "parameters", "licence", "cost"),
        [
            (
                card.name,
                card.kind,
                str(card.year or ""),
                "; ".join(f"{knob.name} {_span(knob)}" for knob in (*card.knobs, *card.built)),
                f"{card.parameters:,}" if card.parameters else "",
                card.license or "",
                card.cost,
            )
            for card in cards
        ],
    )
    typer.echo("`relume enhance` chooses one for each picture unless -m names it.")


def _span(knob: Knob) -> str:
    return f"{knob.low:g}…{knob.high:g} ({knob.default:g})"


def _lines(card: Card) -> Iterator[tuple[str, str]]:
    """Yield label and text of all that a card says."""
    yield "name", card.name
    yield "title", card.title
    yield "", card.summary
    yield "kind", card.kind
    facts = {
        "year": str(card.year or ""),
        "paper": card.paper or "",
        "upstream": card.upstream or "",
        "licence": card.license or "",
        "cost": card.cost,
        "parameters": f"{card.parameters:,}" if card.parameters else "",
    }
    yield from ((label, text) for label, text in facts.items() if text)
    yield "input", card.input
    yield "output", card.output
    yield "reach", "the whole picture" if card.reach is None else f"{card.reach} px"
    if card.most_pixels is not None:
        yield "run at", f"{card.most_pixels:,} pixels at most; its result is carried to full size"
    for knob in card.knobs:
        span = f"{knob.low:g} to {knob.high:g}{', whole' if knob.whole else ''}"
        yield "knob", f"{knob.name}: {knob.meaning}; {span}, {knob.default:g} unless set"
    for knob in card.built:
        span = f"whole {knob.low:g} to {knob.high:g}, {knob.default:g} unless set"
        yield "knob", f"{knob.name}: {knob.meaning}; {span}; another graph is made once"
    for trained in card.weights:
        data = ", ".join(trained.trained_on) or "unknown data"
        licence = trained.license or "not stated"
        yield "weights", f"{card.name}@{trained.name}: trained on {data}; licence {licence}"
        yield "", f"sha256 {trained.sha256}"
