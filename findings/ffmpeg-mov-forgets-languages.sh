#!/usr/bin/env bash
# Expected: the language of a track is kept in a .mov as it is in an .mp4. Both hold it in the same
# field of the same box, mdhd, which in QuickTime files takes Macintosh's numbers or, from 0x400 on,
# the packed codes of ISO 639-2/T that MP4 has.
# Found: FFmpeg's muxer `mov` writes Macintosh's numbers alone, and of each language one of its two
# codes at most has one: `ger` and `fra` stay while `deu` and `fre` become nothing, as do `zho`, `nld`,
# `hrv` and `cym`, without a word. Its own muxer `mp4` packs each of them, and its demuxer reads packed
# codes from both.
# Source: QuickTime File Format, "Language Code Values"; libavformat/isom.c, ff_mov_iso639_to_lang.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check av==18.1.0 2>/dev/null

cat > show.py <<'PY'
import io
import struct
import sys

import av

LANGUAGES = "deu ger fra fre zho nld hrv cym eng jpn".split()


def written(language, container):
    """Return a second of silence whose track has a language."""
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream("aac", rate=48000)
        stream.metadata["language"] = language
        frame = av.AudioFrame(format="fltp", layout="mono", samples=1024)
        frame.planes[0].update(bytes(4096))
        frame.sample_rate, frame.pts = 48000, 0
        for packet in [*stream.encode(frame), *stream.encode()]:
            out.mux(packet)
    return file.getvalue()


def read(data):
    with av.open(io.BytesIO(data)) as file:
        return file.streams[0].metadata.get("language", "nothing")


def packed(data, language):
    """Write the packed code into the one mdhd there is."""
    first, second, third = (ord(letter) - 0x60 for letter in language)
    at = data.index(b"mdhd") + 4 + 20
    return data[:at] + struct.pack(">H", first << 10 | second << 5 | third) + data[at + 2 :]


print("PyAV", av.__version__, "libavformat", *av.library_versions["libavformat"])
print("language   .mp4      .mov      .mov with the packed code")
rows = [(each, read(written(each, "mp4")), read(written(each, "mov")),
         read(packed(written(each, "mov"), each))) for each in LANGUAGES]
for row in rows:
    print("".join(f"{word:<10}" for word in row))
lost = [row[0] for row in rows if row[2] == "nothing"]
kept = all(row[1] == row[0] == row[3] for row in rows)
sys.exit(0 if kept and lost == ["deu", "fre", "zho", "nld", "hrv", "cym"] else 1)
PY
environment/bin/python show.py
