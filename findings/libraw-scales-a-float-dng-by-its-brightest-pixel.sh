#!/usr/bin/env bash
# Expected: a floating-point DNG is developed against the white level it states, as an integer DNG
# is: the same scene value comes out the same, whatever else is in the frame.
# Found: LibRaw turns the samples into integers first, and as soon as one of them lies above the
# stated white it divides all of them by the largest. WhiteLevel is 1 in every file here; one lamp of
# six times white makes the rest of the picture six times darker, and the white level that is reported
# stays the same, so that nobody can undo it. Merged HDR DNGs hold such values by design.
# Source: DNG specification 1.7.1, "Floating Point Image Data" and WhiteLevel (values may lie above
# it); LibRaw, documentation of raw_inset and rawparams options (convert float to int).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check \
  rawpy==0.28.0 tifffile==2026.3.3 numpy==2.4.6 2>/dev/null

cat > show.py <<'PY'
import sys

import numpy as np
import rawpy
import tifffile

print("rawpy", rawpy.__version__, "with LibRaw", ".".join(map(str, rawpy.libraw_version)))
MATRIX = [0.7, -0.2, 0, -0.4, 1.2, 0.2, 0, 0.2, 0.6]
RATIONALS = tuple(n for value in MATRIX for n in (round(value * 10000), 10000))
TAGS = [
    (50706, "B", 4, (1, 4, 0, 0), True),  # DNGVersion
    (50707, "B", 4, (1, 4, 0, 0), True),  # DNGBackwardVersion
    (50708, "s", 0, "Generated", True),  # UniqueCameraModel
    (33421, "H", 2, (2, 2), True),  # CFARepeatPatternDim
    (33422, "B", 4, (0, 1, 1, 2), True),  # CFAPattern: RGGB
    (50710, "B", 3, (0, 1, 2), True),  # CFAPlaneColor
    (50711, "H", 1, 1, True),  # CFALayout
    (50714, 5, 1, (0, 1), True),  # BlackLevel
    (50717, "I", 1, 1, True),  # WhiteLevel
    (50721, 10, 9, RATIONALS, True),  # ColorMatrix1
    (50728, 5, 3, (1, 1, 1, 1, 1, 1), True),  # AsShotNeutral
    (50778, "H", 1, 21, True),  # CalibrationIlluminant1: D65
]
dark = {}
for lamp in (0.5, 1.0, 1.5, 3.0, 6.0):
    scene = np.full((128, 128), 0.1, np.float32)
    scene[50:60, 50:60] = lamp
    tifffile.imwrite("scene.dng", scene, photometric=32803, planarconfig=1, extratags=TAGS, metadata=None)
    with rawpy.imread("scene.dng") as raw:
        samples = int(np.median(raw.raw_image))
        linear = raw.postprocess(
            no_auto_bright=True, adjust_maximum_thr=0.0, gamma=(1, 1), output_bps=16,
            user_wb=[1, 1, 1, 1], output_color=rawpy.ColorSpace.raw,
        )
        dark[lamp] = float(np.median(linear)) / 65535
        print(f"lamp {lamp:.1f}: the rest, 0.1 in the file, is {samples} of {raw.white_level} raw"
              f" and {dark[lamp]:.3f} developed")
holds = abs(dark[0.5] - 0.1) < 0.002 and dark[1.0] == dark[0.5] and abs(dark[6.0] * 6 - 0.1) < 0.002
sys.exit(0 if holds else 1)
PY
environment/bin/python show.py
