#!/usr/bin/env bash
# Expected: pypiqe, "a python version of matlab's piqe method", gives MATLAB's scores.
# Found: PIQE stretches gray to white and rounds it. MATLAB's round takes halves away from zero,
# NumPy's, which pypiqe calls, to the even number. Where the brightest level is as 170 = 255 / 1.5
# or 34 = 255 / 7.5, every other level becomes a half: dark pictures get other scores, by tenths of
# a point, and pictures that reach white the same. Scores of low-light methods are of such pictures
# ("input" rows above all).
# Source: MATLAB's documentation of round ("ties away from zero") and of piqe; NumPy's of round
# ("to the nearest even value").
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check \
  pypiqe==1.2 numpy==2.4.6 opencv-python-headless==5.0.0.93 2>/dev/null

cat > show.py <<'PY'
import sys
from importlib.metadata import version

import numpy as np
import pypiqe.piqe

print("pypiqe", version("pypiqe"), "numpy", np.__version__)


class Away:
    """NumPy, but halves are rounded as MATLAB does; what is rounded here is never negative."""

    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def round(values):
        return np.floor(values + 0.5)


def scores(picture):
    module = sys.modules["pypiqe.piqe"]
    found = []
    for numpy in (np, Away()):
        module.np = numpy
        found.append(float(module.piqe(picture)[0]))
    module.np = np
    return found


# Waves of several lengths with grain, so that there are active blocks, clean and noisy ones.
random = np.random.default_rng(0)
rows, columns = np.mgrid[:256, :384]
waves = np.sin(rows / 9.0) * np.cos(columns / 13.0) + 0.4 * np.sin(rows * columns / 5e3)
light = (waves - waves.min()) / np.ptp(waves) + 0.02 * random.standard_normal(waves.shape)
differ = {}
for brightest in (34, 102, 170, 255):
    picture = np.clip(np.rint(light * brightest), 0, brightest).astype(np.uint8)
    picture[0, 0] = brightest
    even, away = scores(np.repeat(picture[..., None], 3, axis=2))
    differ[brightest] = abs(even - away)
    print(f"brightest level {brightest}: halves to even {even:.4f}, away from zero {away:.4f}")
dark = [differ[each] for each in (34, 102, 170)]
sys.exit(0 if min(dark) > 1e-3 and differ[255] == 0 else 1)
PY
environment/bin/python show.py
