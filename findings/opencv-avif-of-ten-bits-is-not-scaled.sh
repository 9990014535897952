#!/usr/bin/env bash
# Expected: OpenCV reads an AVIF of 10 or 12 bits into 16-bit samples that fill 16 bits, as it does a
# 16-bit PNG or TIFF, and writes 16-bit samples into it scaled down; or, by its reference, "if >8,
# images are stored/read as CV_32F".
# Found: neither. Samples are CV_16U with the file's own codes (white is 1023, or 4095), nothing tells
# which, and `imwrite` takes 16-bit samples for such codes and cuts off what is larger. A dark 16-bit
# picture (level 4 of 255) read from a PNG and written as AVIF of 10 bits is all but white.
# Source: OpenCV 5.0 reference, ImwriteFlags, IMWRITE_AVIF_DEPTH; modules/imgcodecs/src/grfmt_avif.cpp.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check \
  opencv-python-headless==5.0.0.93 numpy==2.4.6 2>/dev/null

cat > show.py <<'PY'
import sys

import cv2
import numpy as np

print("OpenCV", cv2.__version__)
dark = np.full((64, 64, 3), 1000, np.uint16)
dark[:, 32:] = 65535
print(f"16-bit picture: {dark[0, 0, 0]} and {dark[0, -1, 0]} of 65535")
found = []
for depth in (10, 12):
    options = [cv2.IMWRITE_AVIF_DEPTH, depth, cv2.IMWRITE_AVIF_QUALITY, 100]
    _, file = cv2.imencode(".avif", dark, options)
    codes = cv2.imdecode(file, cv2.IMREAD_UNCHANGED)
    levels = cv2.imdecode(file, cv2.IMREAD_COLOR)
    print(f"as AVIF of {depth} bits, read back: {codes.dtype}, {codes[0, 0, 0]} and {codes[0, -1, 0]};"
          f" in 8 bits {levels[0, 0, 0]} and {levels[0, -1, 0]} of 255")
    found.append((str(codes.dtype), int(codes.max()), int(levels[0, 0, 0]) > 16 * 1000 // 65535 + 40))
sys.exit(0 if found == [("uint16", 1023, True), ("uint16", 4095, True)] else 1)
PY
environment/bin/python show.py
