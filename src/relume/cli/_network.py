"""Options of a verb that runs networks: where, how much at once, and what a strange file wants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from relume.runtime.foreign import Description
    from relume.runtime.variants import Precision

MIB = 2**20

Threads: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Threads for one picture; all there are unless set."),
]
Memory: TypeAlias = Annotated[
    int | None,
    typer.Option(
        min=1, metavar="MIB", help="Working memory for one tile of a network; 64 unless set."
    ),
]
PrecisionOption: TypeAlias = Annotated[
    str,
    typer.Option(
        "--precision",
        metavar="NAME",
        help="Of a network's weights: fp32, fp16 or int8; what is not shipped is made once.",
    ),
]
Maps: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Write the method's intermediate results there too: PICTURE.MAP.png.",
    ),
]
Input: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="ENCODING",
        help="What a model file without a card takes and gives: srgb or linear, RGB in [0, 1].",
    ),
]
Reach: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="PIXELS",
        help="How far a pixel of such a file can influence the result, or whole.",
    ),
]
MultipleOf: TypeAlias = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help="Heights and widths that such a file wants."),
]


def parse_descriptions(
    names: Iterable[str], *, input: str | None, reach: str | None, multiple_of: int | None
) -> dict[str, Description]:
    """Return what is said by hand of the model files among several methods: of those without a
    card, by their names.

    Raises: typer.BadParameter when only a part is said, or no model file is named; ContractError
    when each of them has a card; WeightsError for one that cannot be read.
    """
    from relume.errors import ContractError
    from relume.runtime.weights import has_card

    named = list(names)
    files = [name for name in named if name.lower().endswith(".onnx")]
    said = parse_description(
        *(files or named or ("",))[:1], input=input, reach=reach, multiple_of=multiple_of
    )
    if said is None:
        return {}
    lacking = [name for name in files if not has_card(Path(name))]
    if not lacking:
        raise ContractError(f"{files[0]}: has a card inside; leave out its description")
    return dict.fromkeys(lacking, said)


def parse_description(
    method: str, *, input: str | None, reach: str | None, multiple_of: int | None
) -> Description | None:
    """Return what a model file wants, where it is said by hand.

    Raises: typer.BadParameter when only a part is said, or of something that is no model file.
    """
    from relume.runtime.foreign import WHOLE, Description

    if input is None and reach is None and multiple_of is None:
        return None
    if not method.lower().endswith(".onnx"):
        raise typer.BadParameter(
            "--input, --reach and --multiple-of describe a model file: name one with -m FILE.onnx"
        )
    if input is None or reach is None:
        raise typer.BadParameter(
            f"a model file without a card is described by --input and --reach; "
            f"{'--input' if input is None else '--reach'} is missing"
        )
    if input not in ("srgb", "linear"):
        raise typer.BadParameter(f"--input is srgb or linear, got {input!r}")
    if reach != WHOLE and not (reach.isascii() and reach.isdigit()):
        raise typer.BadParameter(f"--reach is a number of pixels or {WHOLE}, got {reach!r}")
    return Description(input, None if reach == WHOLE else int(reach), multiple_of or 1)


def parse_precision(method: str, name: str, *, quiet: bool) -> Precision:
    """Return a precision by its name, and tell when its weights will be made first.

    Raises: UnknownNameError.
    """
    from relume import methods
    from relume.extras import missing
    from relume.runtime.variants import as_precision, is_at_hand

    precision = as_precision(name)
    if precision == "fp32" or quiet or not methods.is_known(methods.parted(method)[0]):
        return precision
    card = methods.card(method)
    there = not card.weights or is_at_hand(method, card.weights[0].name, precision)
    # Without what makes them, the error that comes says so.
    if not there and not missing("train"):
        typer.echo(f"making the {precision} weights of {method}, once …", err=True)
    return precision


def tell_building(method: str, knobs: Mapping[str, float], *, quiet: bool) -> None:
    """Tell when a graph will be made first, as knobs that decide it are not those that are shipped.

    Raises: ContractError for one out of range.
    """
    from relume import methods

    if quiet or not knobs or not methods.is_known(methods.parted(method)[0]):
        return
    card = methods.card(method)
    if not card.built:
        return
    from relume.extras import missing
    from relume.runtime.variants import is_built, other_than_shipped

    other = other_than_shipped(card, knobs)
    # Without what makes it, the error that comes says so.
    if other and not missing("train") and not is_built(method, card.weights[0].name, other):
        said = ", ".join(f"{name}={value}" for name, value in other.items())
        typer.echo(f"making {method} for {said}, once …", err=True)
