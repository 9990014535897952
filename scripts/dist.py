"""Build what a release consists of, and try it: dist/*.tar.gz, dist/*.whl, dist/sbom.cdx.json.

The wheel must hold every set of weights once, be small, suit this Python and every later one, be
installed by each that is found here, and enhance a picture from there.

Usage: python scripts/dist.py [PYTHON...]      (other Pythons to try the wheel with)
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
MOST_BYTES = 16_000_000
"""Of the wheel."""
LATER = ("python3.12", "python3.13", "python3.14")
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")
"""Where pyenv keeps Pythons, whose names on the path work in chosen folders only."""
INSIDE = {
    "av": "FFmpeg, and with it x264 and x265 (GPL-2.0-or-later)",
    "imagecodecs": "libjxl (BSD-3-Clause) and codecs that relume never loads (BSD, LGPL, others)",
    "opencv-python-headless": "FFmpeg (LGPL-2.1-or-later)",
    "pi_heif": "libheif and libde265 (LGPL-3.0-or-later)",
    "pyvips-binary": "libvips and what it reads with (LGPL-2.1-or-later, others)",
    "rawpy": "LibRaw (LGPL-2.1 or CDDL-1.0)",
    "simplejpeg": "libjpeg-turbo (IJG, BSD-3-Clause)",
}
"""What wheels bring besides what their own licence says."""
LOAD = """\
import importlib.util, pathlib, sys
for file in sorted(pathlib.Path(sys.argv[1]).rglob("*.abi3.*")):
    spec = importlib.util.spec_from_file_location("relume.render." + file.name.split(".")[0], file)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    print("loads", file.name)
"""
SMOKE = """\
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np, relume
assert relume.__file__.startswith(sys.argv[1]), relume.__file__
low = (np.random.default_rng(0).random((48, 64, 3)) * 40).astype(np.uint8)
for name in ("gamma", "sgz", "relume"):
    assert relume.enhance(low, method=name).mean() > low.mean(), name
print("enhances")
"""


def run(*command: str | Path) -> None:
    """Run a command and stop where it fails."""
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT)


def pythons() -> list[str]:
    """Return later Pythons, by the names they go by or where pyenv has them, and those given."""
    kept = {name: sorted(str(found) for found in PYENV.glob(f"*/bin/{name}")) for name in LATER}
    return [*(kept[name][-1] if kept[name] else name for name in LATER), *sys.argv[1:]]


def try_wheel(wheel: Path) -> None:
    """Check a wheel's name and size, and install it with every Python that suits."""
    assert "-cp311-abi3-" in wheel.name, f"{wheel.name} is not for later Pythons"
    size = wheel.stat().st_size
    assert size < MOST_BYTES, f"{wheel.name} has {size:,} bytes, more than {MOST_BYTES:,}"
    print(f"{wheel.name}: {size:,} bytes")
    with tempfile.TemporaryDirectory() as folder:
        for name in (sys.executable, *pythons()):
            python = shutil.which(name)
            works = python and subprocess.run([python, "-c", ""], capture_output=True).returncode
            if python is None or works != 0:
                print(f"{name} is not installed here: not tried")
                continue
            place = Path(folder, Path(name).name)
            run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place, wheel)
            run(python, "-c", LOAD, place)
            if name == sys.executable:
                run(python, "-c", SMOKE, place)
            elif other := with_dependencies(python, place.with_suffix(".venv")):
                run(other, "-c", SMOKE, place)


def with_dependencies(python: str, place: Path) -> Path | None:
    """Return a Python of its own with what relume needs; None, and why, where it cannot be had."""
    run(python, "-m", "venv", place)
    found = place / "bin" / "python"
    needs = [line for line in metadata.requires("relume") or () if "extra ==" not in line]
    line = [found, "-m", "pip", "install", "--quiet", "--constraint", ROOT / "constraints.txt"]
    ended = subprocess.run([*map(str, line), *needs], capture_output=True, text=True)
    if ended.returncode:
        said = ended.stderr.strip().splitlines()[-1:] or ["no reason given"]
        print(f"{python}: what relume needs cannot be installed ({said[0]}): loaded only")
        return None
    return found


def component(name: str, extras: set[str]) -> dict[str, Any]:
    """Describe one package as CycloneDX does."""
    known = metadata.metadata(name)
    stated = known.get("License-Expression") or known.get("License") or ""
    classified = [
        line.rpartition(" :: ")[2]
        for line in known.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    licence = stated if 0 < len(stated) < 80 else ", ".join(classified) or "see the package"
    described = {
        "type": "library",
        "name": known["Name"],
        "version": known["Version"],
        "purl": f"pkg:pypi/{known['Name'].lower().replace('_', '-')}@{known['Version']}",
        "licenses": [{"license": {"name": licence}}],
        "properties": [{"name": "relume:extra", "value": ", ".join(sorted(extras)) or "none"}],
    }
    if inside := INSIDE.get(name):
        described["description"] = f"brings {inside}"
    return described


def bill() -> dict[str, Any]:
    """Return the bill of materials of relume and all its extras but `dev`, as installed here."""
    wanted: dict[str, set[str]] = {}
    absent: set[str] = set()
    queue: list[tuple[str, str]] = []
    for line in metadata.requires("relume") or ():
        asked = re.search(r"extra == ['\"]([\w-]+)", line)
        queue.append((line, asked[1] if asked else ""))
    while queue:
        line, extra = queue.pop()
        name = re.match(r"[\w.-]+", line)
        if name is None or extra == "dev" or name[0] == "relume":
            continue
        key = re.sub(r"[-_.]+", "-", name[0]).lower()
        key = next((each for each in INSIDE if re.sub(r"[-_.]+", "-", each) == key), key)
        if extra in wanted.setdefault(key, set()) or key in absent:
            continue
        wanted[key].add(extra)
        try:
            needs = metadata.requires(key) or ()
        except metadata.PackageNotFoundError:
            absent.add(key)
            continue
        queue += [(need, extra) for need in needs if "extra ==" not in need or "binary" in need]
    parts = [
        component(name, set() if "" in extras else extras)
        for name, extras in sorted(wanted.items())
        if name not in absent
    ]
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}


def main() -> None:
    """Build, describe and try."""
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", DIST)
    (DIST / "sbom.cdx.json").write_text(json.dumps(bill(), indent=1, ensure_ascii=False) + "\n")
    run(sys.executable, "-m", "twine", "check", "--strict", *DIST.glob("relume-*"))
    try_wheel(next(DIST.glob("*.whl")))


if __name__ == "__main__":
    main()
