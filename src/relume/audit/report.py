"""An audit as rows of a table, as JSON, and as one page that needs no other file."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from relume.audit.match import Audit, Finding
from relume.errors import RelumeError
from relume.io import encode
from relume.photo import Photo
from relume.render import reduce
from relume.words import counted

COLUMNS = ("test", "train", "kind", "inliers", "agreement", "how")
SHOWN = 8
"""Training pictures shown for each test scene on the page; all are in the JSON."""
_THUMBNAIL = 240
"""Pixels of a thumbnail's longer side: four in a row, a dozen kilobytes each."""
_MEANINGS = {
    "file": "the same bytes",
    "pixels": "the same pixels",
    "scene": "the same scene",
    "similar": "similar: look at it",
}


def summary(audit: Audit) -> str:
    """Say in one line how many test scenes leak."""
    count, leaked = len(audit.test), len(audit.leaked)
    share = f" ({leaked / count:.0%})" if count else ""
    similar = {f.test.key for f in audit.findings} - set(audit.leaked)
    more = f"; {len(similar)} more have a similar view" if similar else ""
    exact = sum(finding.kind in ("file", "pixels") for finding in audit.findings)
    same = f"{exact} equal pictures" if exact else "no equal pixels"
    unread = (
        f"; {counted(len(audit.unusable), 'picture')} could not be read" if audit.unusable else ""
    )
    return (
        f"{leaked} of {count} test scenes{share} stand among {len(audit.train)} of training, "
        f"{same}{more}{unread}"
    )


def rows(audit: Audit) -> Iterator[tuple[str, ...]]:
    """Yield a row of COLUMNS for each finding, and for each test scene without one."""
    found = {key: list(group) for key, group in _by_test(audit)}
    for pair in audit.test:
        for finding in found.get(pair.key, ()):
            aligned = finding.alignment
            yield (
                pair.key,
                finding.train.key,
                finding.kind,
                str(aligned.inliers) if aligned else "",
                _agreement(finding),
                how(finding),
            )
        if pair.key not in found:
            yield pair.key, "", "clean", "", "", ""


def how(finding: Finding) -> str:
    """Say what was done to the test picture to become the training picture."""
    aligned = finding.alignment
    if aligned is None:
        return _MEANINGS[finding.kind]
    parts = [str(aligned.turn)] if str(aligned.turn) else []
    if aligned.overlap.exposure > 0:
        parts.append(f"exposure ×{aligned.overlap.exposure:.2g}")
    scale = (aligned.scale[0] * aligned.scale[1]) ** 0.5
    # A few per cent are a lens that breathes or a crop by some pixels.
    if abs(scale - 1.0) > 0.03:
        parts.append(f"scale ×{scale:.2f}")
    if aligned.overlap.share < 0.95:
        parts.append(f"{aligned.overlap.share:.0%} in common")
    return ", ".join(parts)


def facts(audit: Audit) -> dict[str, Any]:
    """Return everything as plain values for JSON."""
    return {
        "test": len(audit.test),
        "train": len(audit.train),
        "leaked": list(audit.leaked),
        "clean": list(audit.clean),
        "share": len(audit.leaked) / len(audit.test) if audit.test else None,
        "findings": [_facts(finding) for finding in audit.findings],
        "unusable": [{"path": str(each.path), "error": each.error} for each in audit.unusable],
    }


def _facts(finding: Finding) -> dict[str, Any]:
    aligned = finding.alignment
    evidence = aligned and {
        "turn": str(aligned.turn),
        "scale": [round(value, 4) for value in aligned.scale],
        "shift": [round(value, 4) for value in aligned.shift],
        "inliers": aligned.inliers,
        "overlap": round(aligned.overlap.share, 4),
        "agreement": _rounded(aligned.overlap.agreement),
        "settled": _rounded(aligned.overlap.settled),
        "exposure": round(aligned.overlap.exposure, 4),
    }
    return {
        "test": finding.test.key,
        "train": finding.train.key,
        "test_picture": str(finding.test_picture),
        "train_picture": str(finding.train_picture),
        "kind": finding.kind,
        "leaks": finding.leaks,
        "evidence": evidence,
    }


def page(audit: Audit, *, read: Callable[[Path], Photo], title: str) -> str:
    """Return an HTML page with the pictures of each finding side by side, inside it."""
    sections = [_section(key, list(group), read) for key, group in _by_test(audit)]
    clean = ", ".join(map(escape, audit.clean)) or "none"
    unread = "".join(f"<li>{escape(each.error)}</li>" for each in audit.unusable)
    return _PAGE.format(
        title=escape(title),
        summary=escape(summary(audit)),
        sections="".join(sections) or "<p>No test scene resembles a training scene.</p>",
        clean=clean,
        unread=f"<h2>Could not be read</h2><ul>{unread}</ul>" if unread else "",
    )


def _section(key: str, findings: Sequence[Finding], read: Callable[[Path], Photo]) -> str:
    verdict = "leaks" if any(finding.leaks for finding in findings) else "similar view only"
    tiles = [_tile(findings[0].test_picture, "test", "", read)]
    for finding in findings[:SHOWN]:
        agreement = f"agreement {_agreement(finding)}" if finding.alignment else ""
        inliers = f"{finding.alignment.inliers} keypoints" if finding.alignment else ""
        lines = (_MEANINGS[finding.kind], how(finding), inliers, agreement)
        text = "<br>".join(escape(line) for line in dict.fromkeys(lines) if line)
        tiles.append(_tile(finding.train_picture, finding.kind, text, read))
    rest = len(findings) - SHOWN
    more = f"<p>and {rest} more</p>" if rest > 0 else ""
    return f"<section><h2>{escape(key)}: {verdict}</h2>{''.join(tiles)}{more}</section>"


def _tile(path: Path, kind: str, text: str, read: Callable[[Path], Photo]) -> str:
    name = escape(f"{path.parent.name}/{path.name}")
    try:
        image = f'<img alt="{name}" src="{_data_uri(read(path))}">'
    except (RelumeError, OSError) as error:  # it was there a minute ago
        image = f"<p>{escape(str(error))}</p>"
    label = "test" if kind == "test" else "training"
    return (
        f'<figure class="{kind}">{image}<figcaption>{label}: {name}<br>{text}</figcaption></figure>'
    )


def _data_uri(photo: Photo) -> str:
    factor = min(1.0, _THUMBNAIL / max(photo.height, photo.width))
    size = (max(1, round(photo.height * factor)), max(1, round(photo.width * factor)))
    small = reduce(photo.pixels, height=size[0], width=size[1])
    pixels = np.rint(small * 255.0).astype(np.uint8)
    data = encode(Photo(pixels), format="jpeg", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(data).decode('ascii')}"


def _agreement(finding: Finding) -> str:
    if finding.alignment is None:
        return ""
    agreement = finding.alignment.overlap.agreement
    return "unknown" if agreement is None else f"{agreement:.2f}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _by_test(audit: Audit) -> Iterator[tuple[str, Iterator[Finding]]]:
    return groupby(audit.findings, key=lambda finding: finding.test.key)


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width">
<style>
body {{ font: 15px/1.4 system-ui, sans-serif; margin: 2em; background: #181818; color: #ddd }}
section {{ border-top: 1px solid #444; margin-top: 1.5em }}
figure {{ display: inline-block; vertical-align: top; margin: 0 1em 1em 0; width: 240px }}
img {{ max-width: 240px; display: block }}
img:hover {{ filter: brightness(4) }}
figcaption {{ font-size: 13px; overflow-wrap: anywhere }}
.file img, .pixels img, .scene img {{ outline: 3px solid #e33 }}
.similar img {{ outline: 3px solid #da2 }}
</style></head><body>
<h1>{title}</h1>
<p>{summary}.</p>
<p>Red: the training set holds this scene. Yellow: similar, which a person should judge.
Point at a picture to brighten it.</p>
{sections}
<h2>Clean test scenes</h2><p>{clean}</p>
{unread}
</body></html>
"""
