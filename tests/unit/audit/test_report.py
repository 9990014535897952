"""The three forms of a report tell the same."""

from __future__ import annotations

import base64
import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from fake import datasets as fake
from relume.audit import report
from relume.audit.match import Audit, audit
from relume.data import Pair
from relume.io import read

SIZE = {"height": 120, "width": 160}


@pytest.fixture
def found(tmp_path: Path) -> Audit:
    def pair(name: str, seed: int, factor: float) -> Pair:
        picture = fake.expose(fake.scene(seed, **SIZE), factor)
        return Pair(name, fake.put(tmp_path / f"{name}.png", picture), None, name)

    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    train = [pair("<b>a&b", 1, 0.2), pair("t2", 2, 1.0), Pair("bad", bad, None, "bad")]
    test = [pair("x1", 1, 1.0), pair("x2", 2, 1.0), pair("x3", 3, 1.0)]
    return audit(train=train, test=test, read=read)


def test_summary_counts(found: Audit) -> None:
    assert report.summary(found) == (
        "2 of 3 test scenes (67%) stand among 2 of training, 1 equal pictures; "
        "1 picture could not be read"
    )


def test_rows_hold_every_test_scene(found: Audit) -> None:
    rows = list(report.rows(found))
    assert [row[:3] for row in rows] == [
        ("x1", "<b>a&b", "scene"),
        ("x2", "t2", "file"),
        ("x3", "", "clean"),
    ]
    assert all(len(row) == len(report.COLUMNS) for row in rows)
    assert rows[0][5].startswith("exposure ×0.2")  # 2.2 is not quite the sRGB curve


def test_facts_are_json(found: Audit) -> None:
    facts = json.loads(json.dumps(report.facts(found)))
    assert (facts["leaked"], facts["clean"]) == (["x1", "x2"], ["x3"])
    assert facts["share"] == pytest.approx(2 / 3)
    assert facts["findings"][0]["evidence"]["inliers"] >= 10
    assert facts["findings"][1]["evidence"] is None
    assert len(facts["unusable"]) == 1


def test_page_needs_no_other_file_and_escapes_names(found: Audit) -> None:
    page = report.page(found, read=read, title="a < b")
    assert "<b>a" not in page
    assert "a &lt; b" in page
    sources = re.findall(r'src="([^"]*)"', page)
    assert len(sources) == 4
    for source in sources:
        head, _, data = source.partition(",")
        assert head == "data:image/jpeg;base64"
        with Image.open(BytesIO(base64.b64decode(data))) as image:
            assert image.size == (160, 120)
    assert "http" not in page
    assert "bad.png" in page


def test_page_survives_a_picture_that_has_gone(found: Audit) -> None:
    found.findings[0].test_picture.unlink()
    assert "no such file" in report.page(found, read=read, title="t")


def test_an_audit_of_nothing_has_no_share() -> None:
    nothing = Audit((), (), (), ())
    assert report.summary(nothing).startswith("0 of 0 test scenes stand among 0")
    assert report.facts(nothing)["share"] is None
    assert list(report.rows(nothing)) == []
