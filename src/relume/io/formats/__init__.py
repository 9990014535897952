"""Every module here is a file format and ends with its `CODEC`: this directory is the registry."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from os import PathLike
from pathlib import PurePath
from pkgutil import iter_modules

from relume.errors import UnwritableError
from relume.io.codec import Codec
from relume.photo import Format

HEAD = 64
"""How many first bytes are enough to recognise any format, with a few brands of an ftyp box."""


@cache
def codecs() -> dict[Format, Codec]:
    """Return all formats by name."""
    found = [import_module(f"{__name__}.{module.name}").CODEC for module in iter_modules(__path__)]
    return {codec.name: codec for codec in found}


SUFFIXES: dict[str, Format] = {
    suffix: codec.name for codec in codecs().values() for suffix in codec.suffixes
}
"""Suffix in lower case, with its dot → format."""


def sniff(first_bytes: bytes) -> Format | None:
    """Tell the format of a file from its first bytes, of which 64 suffice."""
    return next(
        (name for name, codec in codecs().items() if codec.recognises(first_bytes[:HEAD])), None
    )


def format_of(path: str | PathLike[str]) -> Format:
    """Tell the format that a path's suffix asks for.

    Raises: UnwritableError with the suffixes there are.
    """
    suffix = PurePath(path).suffix
    if suffix.lower() not in SUFFIXES:
        named = f"the suffix {suffix!r} of {path}" if suffix else f"{path}, which has no suffix,"
        raise UnwritableError(
            f"{named} names no picture format; use one of {', '.join(writable_suffixes())}"
        )
    return SUFFIXES[suffix.lower()]


def writable_suffixes() -> tuple[str, ...]:
    """Return the suffixes of formats that can be written."""
    return tuple(suffix for suffix, name in SUFFIXES.items() if codecs()[name].encode is not None)
