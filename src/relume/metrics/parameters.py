"""Published parameters of a metric, recognised by their hash: another file is another metric."""

from __future__ import annotations

from hashlib import sha256 as digest_of
from pathlib import Path

from relume.errors import WeightsError

LIMIT = 64 * 2**20
"""Bytes; the largest published file of parameters, LPIPS with VGG16, has 59 million."""


def read_bytes(path: Path, *, what: str) -> bytes:
    """Read a file of parameters.

    Raises: WeightsError when it is absent, unreadable or too large to be one.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LIMIT + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WeightsError(f"{path}: expected {what}: {reason}") from error
    if len(content) > LIMIT:
        raise WeightsError(f"{path}: expected {what}, got a file of more than {LIMIT >> 20} MiB")
    return content


def read_published(path: Path, *, sha256: str, what: str) -> bytes:
    """Read a file of parameters that must be the published one.

    Raises: WeightsError when it is absent or another one.
    """
    content = read_bytes(path, what=what)
    got = digest_of(content).hexdigest()
    if got != sha256:
        raise WeightsError(f"{path}: not {what}: expected sha256 {sha256}, got {got}")
    return content
