#!/usr/bin/env bash
# Expected: `cv2.createCLAHE(clipLimit)` does to a 16-bit picture what it does to the same picture in
# 8 bits, only finer: a higher limit gives more contrast, the lowest hardly any.
# Found: a 16-bit picture has 65,536 bins a tile, and the limit in counts is the integer part of
# clipLimit * (pixels of a tile) / 65536, but at least 1. At 512x512 with 8x8 tiles every limit below
# 32 is therefore the same number 1: the knob does nothing, byte for byte, and the contrast at the
# "lowest" limit is several times that of 8 bits.
# Source: OpenCV, reference of createCLAHE ("threshold for contrast limiting"; no word of depth), and
# modules/imgproc/src/clahe.cpp, CLAHE_Impl::apply; Zuiderveld, Graphics Gems IV, 1994, VIII.5.
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
y, x = np.mgrid[0:512, 0:512]
noise = np.random.default_rng(1).normal(0, 0.003, (512, 512))
scene = np.clip(0.02 + 0.1 * (x / 512) * (1 + 0.3 * np.sin(y / 9)) + noise, 0, 1)
pictures = {8: np.rint(scene * 255).astype(np.uint8), 16: np.rint(scene * 65535).astype(np.uint16)}
limits = (1, 2, 4, 8, 16, 31, 40)
spread, different = {}, {}
for bits, picture in pictures.items():
    results = [cv2.createCLAHE(limit, (8, 8)).apply(picture) for limit in limits]
    spread[bits] = [float(r.std()) / (2**bits - 1) for r in results]
    different[bits] = len({r.tobytes() for r in results[:-1]})
    print(f"{bits:2d} bits in: standard deviation {picture.std() / (2**bits - 1):.3f}")
    for limit, value in zip(limits, spread[bits], strict=True):
        print(f"   clipLimit {limit:2d}: {value:.3f}")
    print(f"   results that differ among limits 1 to 31: {different[bits]} of {len(limits) - 1}")
holds = different == {8: len(limits) - 1, 16: 1} and spread[16][0] > 3 * spread[8][0]
sys.exit(0 if holds else 1)
PY
environment/bin/python show.py
