"""Statements of an XMP packet by their namespace: read, taken out, added; the rest keeps its bytes.

A packet is parsed for the places of its elements only. One that is no XML, or declares entities,
is not looked into.

Source: XMP specification part 1 (ISO 16684-1:2019), sections 7.4 to 7.9; Namespaces in XML 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.parsers import expat

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

Name: TypeAlias = tuple[str, str]
"""Namespace and local name."""

_ATTRIBUTE = re.compile(rb"""\s+([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG_END = re.compile(rb"""(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_END = re.compile(rb"</([A-Za-z_][\w.-]*:)?RDF\s*>")
_ABOUT = re.compile(rb"""\brdf:about\s*=\s*("[^"]*"|'[^']*')""")


class _NoPacketError(ValueError):
    """It is not XML that we look into."""


@dataclass
class _Element:
    name: Name
    start: int
    opened: int
    """Where its start tag ends."""
    attributes: list[tuple[Name, str, int, int]]
    prefixes: dict[str, str]
    declared: list[tuple[str, int, int]] = field(default_factory=list[tuple[str, int, int]])
    """Namespaces declared here, with the places of the declarations."""
    end: int = 0
    text: str = ""
    depth: int = 0
    inside: list[_Element] = field(default_factory=list["_Element"])


def values(packet: bytes, namespace: str) -> dict[str, list[str]]:
    """Return local name → values of what a namespace states; several for an array; none of it
    for a packet that is no XML."""
    found: dict[str, list[str]] = {}
    for element in _elements(packet):
        for (space, local), value, _, _ in element.attributes:
            if space == namespace:
                found.setdefault(local, []).append(value)
        if element.name[0] == namespace:
            texts = [one.text for one in _all(element) if one.text]
            found.setdefault(element.name[1], []).extend(texts)
    return found


def records(packet: bytes, name: Name, namespace: str) -> list[dict[str, str]]:
    """Return, for each element of a name, what it states in a namespace: attributes, children."""
    found: list[dict[str, str]] = []
    for element in _elements(packet):
        if element.name == name:
            record: dict[str, str] = {}
            for one in _all(element):
                record |= {
                    key[1]: value for key, value, _, _ in one.attributes if key[0] == namespace
                }
                if one.name[0] == namespace:
                    record[one.name[1]] = one.text
            found.append(record)
    return found


def without(
    packet: bytes, unwanted: Callable[[Name], bool], *, spaces: Iterable[str]
) -> bytes | None:
    """Take out all properties with unwanted names, and the declarations of namespaces of which
    nothing is left; None for a packet that names one of `spaces` and is no XML."""
    spaces = frozenset(spaces)
    try:
        elements = _parsed(packet)
    except _NoPacketError:
        return None if any(space.encode() in packet for space in spaces) else packet
    cuts: list[tuple[int, int]] = []
    for element in elements:
        if unwanted(element.name):
            cuts.append((element.start, element.end))
        cuts += [(start, end) for name, _, start, end in element.attributes if unwanted(name)]
    used = {
        name[0]
        for element in elements
        if not _within(element.start, cuts)
        for name in (element.name, *(one for one, _, start, _ in element.attributes
                                     if not _within(start, cuts)))
    }  # fmt: skip
    for element in elements:
        cuts += [
            (start, end)
            for space, start, end in element.declared
            if space in spaces and space not in used
        ]
    return _cut(packet, cuts)


def joined(packet: bytes | None, statements: str) -> bytes:
    """Add a description with these attributes and elements to a packet, or write one for it."""
    about = _ABOUT.search(packet) if packet else None
    whose = about[1].decode("utf-8", "replace") if about else '""'
    written = f'<rdf:Description xmlns:rdf="{RDF}" rdf:about={whose} {statements}</rdf:Description>'
    ends = list(_END.finditer(packet)) if packet else []
    if packet and ends:
        at = ends[-1].start()
        return packet[:at] + written.encode() + packet[at:]
    return (
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{RDF}">{written}</rdf:RDF>'
        "</x:xmpmeta>"
    ).encode()


def _all(element: _Element) -> Iterable[_Element]:
    yield element
    for one in element.inside:
        yield from _all(one)


def _within(at: int, cuts: list[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in cuts)


def _cut(packet: bytes, cuts: list[tuple[int, int]]) -> bytes:
    kept, at = bytearray(), 0
    for start, end in sorted(cuts):
        if start >= at:
            kept += packet[at:start]
        at = max(at, end)
    return bytes(kept + packet[at:])


def _elements(packet: bytes) -> list[_Element]:
    try:
        return _parsed(packet)
    except _NoPacketError:
        return []


_DEEPEST, _MOST = 64, 100_000
"""Nesting and number of elements that are looked into."""


def _parsed(packet: bytes) -> list[_Element]:
    """Return all elements in the order of their starts."""
    plain = packet.rstrip(b"\0 \t\r\n")
    found: list[_Element] = []
    open_ones: list[_Element] = []
    parser = expat.ParserCreate("utf-8")

    def start(tag: str, pairs: list[str]) -> None:
        at = parser.CurrentByteIndex
        outer = open_ones[-1].prefixes if open_ones else {"xml": "xml"}
        closing = _TAG_END.match(plain, at)
        if closing is None or len(open_ones) >= _DEEPEST or len(found) >= _MOST:
            raise _NoPacketError
        element = _Element(("", tag), at, closing.end(), [], dict(outer), end=closing.end())
        raw = [(m[1].decode("utf-8", "replace"), m.start(), m.end())
               for m in _ATTRIBUTE.finditer(plain, at, closing.end())]  # fmt: skip
        named = dict(zip(pairs[::2], pairs[1::2], strict=True))
        for name, first, last in raw:
            if name == "xmlns" or name.startswith("xmlns:"):
                element.prefixes[name.partition(":")[2]] = named.get(name, "")
                element.declared.append((named.get(name, ""), first, last))
        element.name = _resolved(tag, element.prefixes, default=True)
        for name, first, last in raw:
            if name != "xmlns" and not name.startswith("xmlns:"):
                key = _resolved(name, element.prefixes, default=False)
                element.attributes.append((key, named.get(name, ""), first, last))
        if open_ones:
            open_ones[-1].inside.append(element)
        found.append(element)
        open_ones.append(element)

    def end(_: str) -> None:
        element = open_ones.pop()
        at = parser.CurrentByteIndex
        # An empty element ends where it starts; others where their end tag does.
        if plain[element.opened - 2 : element.opened] != b"/>":
            element.end = plain.find(b">", at) + 1
        element.text = element.text.strip()

    def text(words: str) -> None:
        if open_ones:
            open_ones[-1].text += words

    def refuse(*_: object) -> None:
        raise _NoPacketError

    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(plain, True)
    except expat.ExpatError as error:
        raise _NoPacketError from error
    return found


def _resolved(name: str, prefixes: dict[str, str], *, default: bool) -> Name:
    prefix, colon, local = name.partition(":")
    if colon:
        return prefixes.get(prefix, prefix), local
    return (prefixes.get("", "") if default else ""), name
