"""What a data set is: data without behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """A folder of a data set that holds a pair of folders, or pictures without counterpart."""

    split: str
    """train, test, validation or all."""
    folders: tuple[str, ...]
    """Where it may lie, tried in order; "." is the root, "*" any one folder and names a group."""
    pairs: int | None = None
    """How many there are as published; None where nobody says."""
    aliases: tuple[str, ...] = ()
    """Folders of re-packed copies, whose names others use too: tried last, and not enough to
    recognise the data set unless every count is right."""
    group: str = ""
    high_is_optional: bool = False


@dataclass(frozen=True)
class Dataset:
    """A published data set, or a way to lay out one's own."""

    name: str
    title: str
    layout: str
    """What must be there, in one line."""
    obtain: str
    """Where it comes from, in one line."""
    year: int | None = None
    paper: str | None = None
    license: str | None = None
    """None where its authors state none."""
    parts: tuple[Part, ...] = ()
    stem: str = ""
    """A regular expression that its files' stems in lower case match as a whole; "" is any."""
    has_high: bool = True
    named_folder: bool = False
    """Nothing but the name of its folder tells it from others."""
    readable: bool = True
    """Its files are pictures that `relume.read` opens."""
    notes: str = ""
    """What a number on it must say."""
