#!/usr/bin/env bash
# Expected: Pillow either tells which primaries an AVIF states (as it does for an ICC profile, under
# `info`) or keeps the statement when the picture is saved again.
# Found: `Image.open` reads the pixels of a file that says Display P3 by its `colr` box (nclx,
# primaries 12 of ITU-T H.273), tells nothing of it, and `save` writes the same numbers as BT.709
# (primaries 1). Phones and browsers write such files without an ICC profile; opened and saved,
# their reds fade, and nothing can notice afterwards.
# Source: Pillow 13, documentation of AVIF (`icc_profile` is the only colour information named);
# ISO/IEC 23000-22 (MIAF) 7.3.6.4: a `colr` box of an item is what holds for it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check pillow==13.0.0 2>/dev/null

cat > show.py <<'PY'
import io
import struct
import sys

import PIL
from PIL import Image, features

print("Pillow", PIL.__version__, "with libavif", features.version("avif"))


def primaries(data):
    """The code of ITU-T H.273 in the nclx form of the item's colr box."""
    at = data.index(b"colrnclx") + 8
    return struct.unpack(">H", data[at : at + 2])[0], at


picture = Image.new("RGB", (64, 64), (200, 30, 30))
buffer = io.BytesIO()
picture.save(buffer, "AVIF", quality=100, subsampling="4:4:4")
data = bytearray(buffer.getvalue())
_, at = primaries(bytes(data))
data[at : at + 2] = struct.pack(">H", 12)  # the item says: Display P3

opened = Image.open(io.BytesIO(bytes(data)))
opened.load()
again = io.BytesIO()
opened.save(again, "AVIF", quality=100, subsampling="4:4:4")
before, after = primaries(bytes(data))[0], primaries(again.getvalue())[0]
print("the file states primaries", before)
print("Pillow tells:", dict(opened.info) or "nothing")
print("saved again, the file states primaries", after)
same = Image.open(io.BytesIO(again.getvalue())).convert("RGB").getpixel((32, 32))
print("for the same numbers:", opened.convert("RGB").getpixel((32, 32)), "and", same)
sys.exit(0 if (before, after) == (12, 1) and "nclx" not in str(opened.info) else 1)
PY
environment/bin/python show.py
