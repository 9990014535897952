#!/usr/bin/env bash
# Expected: libvips reads an uncompressed TIFF of gray and alpha alike, whether both samples of a
# pixel lie together or all alpha behind all gray (PlanarConfiguration 2), as it does for RGB.
# Found: with two channels one behind the other and more than one row in a strip, rows come in a
# wrong order and some not at all, without an error or a warning. One row in a strip, three
# channels, or the same samples together are right; tifffile reads all of them.
# Source: TIFF 6.0, page 38, PlanarConfiguration, and section 18, ExtraSamples; the documentation of
# vips_tiffload names no limit for it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check \
  pyvips==3.2.0 pyvips-binary==8.18.7 numpy==2.4.6 tifffile==2026.3.3 2>/dev/null

cat > show.py <<'PY'
import io
import sys

import numpy as np
import pyvips
import tifffile

print("libvips", ".".join(str(pyvips.version(part)) for part in range(3)))
rows = np.arange(12, dtype=np.uint8)[:, None].repeat(6, 1) * 10  # each row has its own level


def seen(channels, rows_per_strip, together):
    planes = np.stack([rows + number for number in range(channels)])
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        np.moveaxis(planes, 0, 2) if together else planes,
        photometric="minisblack" if channels == 2 else "rgb",
        planarconfig="contig" if together else "separate",
        extrasamples=["unassalpha"] if channels == 2 else None,
        rowsperstrip=rows_per_strip,
    )
    theirs = tifffile.imread(io.BytesIO(stream.getvalue()))
    assert (theirs == (np.moveaxis(planes, 0, 2) if together else planes)).all()
    found = pyvips.Image.tiffload_buffer(stream.getvalue()).numpy()
    right = bool((np.moveaxis(found, 2, 0) == planes).all())
    where = "together" if together else "one behind the other"
    print(f"{channels} channels {where}, {rows_per_strip} rows in a strip: "
          f"{'right' if right else 'levels of the first column: ' + str(found[:, 0, 0].tolist())}")
    return right


expected = [
    seen(2, 12, True), seen(3, 12, False), seen(2, 1, False),
    not seen(2, 12, False), not seen(2, 4, False),
]
sys.exit(0 if all(expected) else 1)
PY
environment/bin/python show.py
