#!/usr/bin/env bash
# Expected: libvips turns, crops or changes an Ultra HDR JPEG as a whole; or what no longer fits is
# left out, as an embedded thumbnail would be.
# Found: since 8.18 the gain map travels as metadata (`gainmap-data`). Every operation keeps it, and
# `jpegsave` writes it again as it was: not turned with the picture, not cropped with it, and for
# the light the picture had before. An HDR viewer then multiplies the new picture by the old map;
# one that knows no gain maps shows nothing wrong.
# Source: libvips 8.18, documentation of `vips_uhdrload`, `vips_uhdrsave` and of metadata, which
# operations copy from their input; ISO 21496-1, in which map and base picture belong together.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check \
  pyvips==3.2.0 pyvips-binary==8.18.7 numpy==2.4.6 2>/dev/null

cat > show.py <<'PY'
import sys

import numpy as np
import pyvips

print("libvips", ".".join(str(pyvips.version(part)) for part in range(3)))

# A scene in scRGB, up to four times diffuse white; its upper half is darker.
scene = np.zeros((64, 96, 3), np.float32)
scene[...] = np.linspace(0.05, 4.0, 96, dtype=np.float32)[None, :, None]
scene[:32] *= 0.3
image = pyvips.Image.new_from_array(scene).copy(interpretation="scrgb")
image.uhdrsave("scene.jpg", Q=95)


def gain_map(path):
    fields = pyvips.Image.new_from_file(path)
    if "gainmap-data" not in fields.get_fields():
        return None
    return pyvips.Image.new_from_buffer(fields.get("gainmap-data"), "").numpy()


first = gain_map("scene.jpg")
photo = pyvips.Image.new_from_file("scene.jpg")
changes = {
    "two stops darker": (photo * 0.25).cast("uchar"),
    "negative": photo.invert(),
    "turned by 90 degrees": photo.rot90(),
    "cropped to 20 x 20": photo.crop(0, 0, 20, 20),
}
kept = []
for name, changed in changes.items():
    changed.write_to_file("changed.jpg", Q=95)
    again = gain_map("changed.jpg")
    same = again is not None and again.shape == first.shape and bool((again == first).all())
    kept.append(same)
    size = pyvips.Image.new_from_file("changed.jpg")
    print(f"{name}: picture {size.width} x {size.height}, gain map "
          + (f"{again.shape[1]} x {again.shape[0]}, " if again is not None else "gone, ")
          + ("the one from before" if same else "another"))
sys.exit(0 if all(kept) else 1)
PY
environment/bin/python show.py
