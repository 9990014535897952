"""Which files are videos, by their suffixes, and what results beside them are called."""

from __future__ import annotations

FORMATS = {
    ".mp4": "mov",
    ".m4v": "mov",
    ".mov": "mov",
    ".3gp": "mov",
    ".mkv": "matroska",
    ".webm": "matroska",
    ".ts": "mpegts",
    ".mts": "mpegts",
    ".m2ts": "mpegts",
    ".avi": "avi",
    ".mpg": "mpeg",
    ".mpeg": "mpeg",
    ".vob": "mpeg",
    ".flv": "flv",
    ".wmv": "asf",
    ".asf": "asf",
    ".ogv": "ogg",
    ".mxf": "mxf",
    ".y4m": "yuv4mpegpipe",
}
"""Suffix of a video → how FFmpeg calls what is in it. No other format is opened: some are lists of
further files and addresses."""
SUFFIXES = frozenset(FORMATS)


def suffix_of_result(suffix: str) -> str:
    """Return the suffix of a result beside an input, which some containers only read change."""
    suffix = suffix.lower()
    kept = {".mp4", ".m4v", ".mov", ".mkv", ".webm"}
    if suffix in kept:
        return suffix
    return ".mp4" if suffix in {".ts", ".mts", ".m2ts", ".3gp", ".flv"} else ".mkv"
