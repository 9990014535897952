"""Statements are taken out of XMP by their namespace, whatever they are called; the rest stays."""

from __future__ import annotations

import pytest

from relume.io.metadata import xmp_parts

SPACE, OTHER = "http://example.com/a/", "http://example.com/b/"
HEAD = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
BODIES = {
    "attributes": f'<rdf:Description xmlns:a="{SPACE}" xmlns:b="{OTHER}" a:One="1" b:Two="2"/>',
    "single quotes": f"<rdf:Description xmlns:q='{SPACE}' xmlns:b='{OTHER}' q:One='1>' b:Two='2'/>",
    "elements": f'<rdf:Description xmlns:a="{SPACE}" xmlns:b="{OTHER}"><a:One>1</a:One>'
    "<b:Two>2</b:Two></rdf:Description>",
    "structures": f'<rdf:Description xmlns:a="{SPACE}"><a:One><rdf:Seq><rdf:li rdf:parseType='
    '"Resource"><a:In>1</a:In></rdf:li></rdf:Seq></a:One></rdf:Description>'
    f'<rdf:Description xmlns:b="{OTHER}" b:Two="2"></rdf:Description>',
    "empty elements": f'<rdf:Description xmlns:b="{OTHER}" b:Two="2"><a:One xmlns:a="{SPACE}" '
    'rdf:resource="x"/></rdf:Description>',
    "default namespace": f'<rdf:Description xmlns:b="{OTHER}" b:Two="ä2">'
    f'<One xmlns="{SPACE}">1</One></rdf:Description>',
}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("tail", ["", "\n" * 2000 + '<?xpacket end="w"?>', "\0\0"])
def test_taken_out(body, tail):
    packet = f"{HEAD}{BODIES[body]}</rdf:RDF>{tail}".encode()
    left = xmp_parts.without(packet, lambda name: name[0] == SPACE, spaces=[SPACE])
    assert left is not None
    assert SPACE.encode() not in left
    assert b"One" not in left
    (found,) = xmp_parts.values(left, OTHER)["Two"]
    assert found.endswith("2")
    again = xmp_parts.joined(left, f'xmlns:a="{SPACE}" a:Three="3">')
    assert xmp_parts.values(again, SPACE) == {"Three": ["3"]}
    assert xmp_parts.values(again, OTHER)["Two"] == [found]


BAD = {
    "no XML": f"{HEAD}<rdf:Description xmlns:a='{SPACE}' a:One='1'",
    "entities": f"<!DOCTYPE x [<!ENTITY e 'eeee'>]>{HEAD}<a xmlns='{SPACE}'>&e;</a></rdf:RDF>",
    "too deep": HEAD + f"<a xmlns='{SPACE}'>" * 100 + "</a>" * 100 + "</rdf:RDF>",
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_packet_is_not_looked_into(kind):
    packet = BAD[kind].encode()
    assert xmp_parts.values(packet, SPACE) == {}
    assert xmp_parts.without(packet, lambda name: name[0] == SPACE, spaces=[SPACE]) is None
    assert xmp_parts.without(packet, lambda name: True, spaces=["http://else/"]) == packet
