"""What a source holds beside the picture that is enhanced, and where a container puts it.

| what          | mp4, m4v        | mov           | mkv           | webm          | ts             |
|---------------|-----------------|---------------|---------------|---------------|----------------|
| sound         | no PCM, Vorbis  | all           | all           | Opus, Vorbis  | as `_SOUND_TS` |
| covers        | JPEG, PNG, BMP  | no            | as files      | no            | no             |
| files (fonts) | no              | no            | all           | no            | no             |
| data          | gpmd            | gpmd          | no            | no            | klv, timed_id3 |
| timecode      | from metadata   | from metadata | as metadata   | as metadata   | no             |
| chapters      | all             | all           | all           | all           | no             |
| language      | ISO 639-2/T     | ISO 639-2/T   | ISO 639-2/B   | ISO 639-2/B   | as it was      |

Of sound, "all" is what FFmpeg writes a header for, which is tried: mov takes neither FLAC nor Opus.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from relume.extras import need

if TYPE_CHECKING:
    from av.stream import Stream

MUXERS = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".ts": "mpegts",
}
ISO = (".mp4", ".m4v", ".mov")
_OWN_TAGS = {
    "encoder",
    "major_brand",
    "minor_version",
    "compatible_brands",
    "vendor_id",
    "duration",
    "alpha_mode",
}
_COUNTS = ("bps", "number_of_frames", "number_of_bytes", "_statistics_")
"""Metadata that speak of the file they stood in, by name and by beginning."""
_TERMS = {
    **{"alb": "sqi", "arm": "hye", "baq": "eus", "bur": "mya", "chi": "zho", "cze": "ces"},
    **{"dut": "nld", "fre": "fra", "geo": "kat", "ger": "deu", "gre": "ell", "ice": "isl"},
    **{"mac": "mkd", "mao": "mri", "may": "msa", "per": "fas", "rum": "ron", "slo": "slk"},
    **{"tib": "bod", "wel": "cym"},
}
"""ISO 639-2: the twenty codes of librarians (B) → what the language calls itself (T)."""
_LIBRARIANS = {own: code for code, own in _TERMS.items()}
_TEXTS = frozenset({"mov_text", "subrip", "ass", "webvtt"})
_SOUND_TS = frozenset(
    {"aac", "aac_latm", "ac3", "dts", "eac3", "mp1", "mp2", "mp3", "opus", "s302m"}
)
"""FFmpeg writes any other sound, too, as data that nothing plays."""
_DATA = {"gpmd": ISO, "klv": (".ts",), "timed_id3": (".ts",)}
_COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
_ATTACHED, _THUMBNAILS = 1 << 10, 1 << 11


def is_cover(stream: Any) -> bool:
    """Tell whether a video stream is a still picture that belongs to the file, such as a cover."""
    return bool(int(stream.disposition) & (_ATTACHED | _THUMBNAILS))


def states_transparency(stream: Any) -> bool:
    """Tell whether transparency is stored beside the picture, where no decoder of ours looks."""
    tags = {name.lower(): value for name, value in stream.metadata.items()}
    return tags.get("alpha_mode", "0") not in ("", "0")


def kept(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata that stay true in another file."""
    return {
        name: value
        for name, value in metadata.items()
        if name.lower() not in _OWN_TAGS and not name.lower().startswith(_COUNTS)
    }


def language(stream: Stream, suffix: str) -> str:
    """Return the language of a stream as a container writes it, or nothing."""
    code = stream.metadata.get("language", "")
    known = _TERMS if suffix in ISO else _LIBRARIANS if suffix in (".mkv", ".webm") else {}
    return known.get(code.lower(), code)


def timecode(text: str, frames: int, rate: Fraction) -> str | None:
    """Return the time code of a later frame, or None where it is not understood.

    Counts that drop are of SMPTE ST 12-1: the first numbers of each minute but every tenth.
    """
    found = re.fullmatch(r"(\d\d):(\d\d):(\d\d)([:;.])(\d\d)", text)
    count = round(rate)
    if found is None or count < 1:
        return None
    hour, minute, second, mark, frame = found.groups()
    minutes = int(hour) * 60 + int(minute)
    number = (minutes * 60 + int(second)) * count + int(frame) + frames
    left_out = 2 * (count // 30) if mark != ":" else 0
    number -= left_out * (minutes - minutes // 10)
    number %= 24 * (3600 * count - 54 * left_out)
    if left_out:
        tens, rest = divmod(number, 600 * count - 9 * left_out)
        single = max(0, rest - left_out) // (60 * count - left_out)
        number += left_out * (9 * tens + single)
    seconds, frame = divmod(number, count)
    hours, seconds = divmod(seconds, 3600)
    return f"{hours:02}:{seconds // 60:02}:{seconds % 60:02}{mark}{frame:02}"


def called(stream: Any, kinds: Mapping[int, str]) -> str:
    """Name a stream as ffprobe does; `kinds` are the four letters of the tracks of ISO files."""
    if is_cover(stream):
        return f"cover picture, stream {stream.index} ({_codec(stream)})"
    if stream.type == "attachment":
        words = (stream.name, stream.mimetype)
    else:
        kind = kinds.get(stream.id, "").strip() if stream.type == "data" else ""
        words = (_codec(stream), kind)
    told = ", ".join(dict.fromkeys(filter(None, words)))
    return f"{stream.type} stream {stream.index}{f' ({told})' if told else ''}"


def _codec(stream: Any) -> str:
    context = stream.codec_context
    if context is not None:
        return context.codec.canonical_name
    return (stream.name or "") if stream.type == "data" else ""


def takes(suffix: str, stream: Any, kinds: Mapping[int, str]) -> bool:
    """Tell whether a container takes a stream as it is."""
    name = _codec(stream)
    match stream.type:
        case "subtitle":
            return _takes_subtitles(suffix, name)
        case "audio":
            return _takes_audio(suffix, name)
        case "attachment":
            return suffix == ".mkv"
        case "data":
            return suffix in _DATA.get(kinds.get(stream.id, name), ())
        case _:
            return False


def holds(suffix: str, stream: Any) -> bool:
    """Tell whether FFmpeg begins a file with this stream if it is sound: some it refuses only then,
    and with it all else."""
    if stream.type != "audio":
        return True
    av = need("av", extra="video")
    try:
        with av.open(io.BytesIO(), "w", format=MUXERS[suffix]) as out:
            out.add_stream_from_template(stream)
            out.start_encoding()
    except (ValueError, av.error.FFmpegError):
        return False
    return True


def is_made_anew(stream: Any, kinds: Mapping[int, str], *, suffix: str) -> bool:
    """Tell whether what a track of data says is written from the metadata or the chapters."""
    if stream.type != "data":
        return False
    if kinds.get(stream.id) == "text":
        return True  # chapters: what becomes of them is told of them
    return "timecode" in stream.metadata and suffix != ".ts"


def cover_file(stream: Any) -> tuple[str, str]:
    """Return under which name and type a cover becomes a file of a Matroska container."""
    tags = stream.metadata
    name, type = _COVERS.get(_codec(stream), ("cover", f"image/{_codec(stream)}"))
    return tags.get("filename", name), tags.get("mimetype", type)


def takes_cover(suffix: str, stream: Any) -> bool:
    """Tell whether a container has a place for this cover."""
    return suffix == ".mkv" or (
        suffix in (".mp4", ".m4v") and _codec(stream) in ("mjpeg", "png", "bmp")
    )


def cut_chapters(chapters: Sequence[Any], start: Fraction, end: Fraction) -> tuple[list[Any], int]:
    """Return the chapters of a part in seconds, counted from its start, and how many there are not.

    What reaches beyond the part is clipped.
    """
    inside: list[Any] = []
    for chapter in chapters:
        base = chapter["time_base"]
        first, last = max(chapter["start"] * base, start), min(chapter["end"] * base, end)
        if first < last:
            times = {"start": round((first - start) / base), "end": round((last - start) / base)}
            inside.append({**chapter, **times})
    return inside, len(chapters) - len(inside)


def clip(packet: Any, start: Fraction, end: Fraction) -> bool:
    """Tell whether a packet lies in a part, in seconds; a subtitle that reaches into it is clipped.

    Only a subtitle that is one picture by itself, as all text is, can begin later than it did.
    """
    base = packet.time_base
    first = packet.pts * base
    if packet.stream.type != "subtitle" or not packet.duration:
        return start <= first < end
    last = min(first + packet.duration * base, end)
    if first < start and _codec(packet.stream) not in _TEXTS:
        return False
    first = max(first, start)
    if first >= last:
        return False
    packet.pts = packet.dts = round(first / base)
    packet.duration = round((last - first) / base)
    return True


def _takes_subtitles(suffix: str, codec: str) -> bool:
    taken = {
        ".mp4": {"mov_text"},
        ".m4v": {"mov_text"},
        ".mov": {"mov_text"},
        ".mkv": {"subrip", "ass", "webvtt", "hdmv_pgs_subtitle", "dvd_subtitle", "dvb_subtitle"},
        ".webm": {"webvtt"},
        ".ts": {"dvb_subtitle"},
    }
    return codec in taken[suffix]


def _takes_audio(suffix: str, codec: str) -> bool:
    if suffix == ".webm":
        return codec in {"opus", "vorbis"}
    if suffix == ".ts":
        return codec in _SOUND_TS
    if suffix in (".mp4", ".m4v"):
        # Of PCM it wants to know the places of the channels, which other containers do not tell.
        return codec != "vorbis" and not codec.startswith("pcm_")
    return True
