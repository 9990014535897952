"""Build the page: WebAssembly, the model in halves, and files named by their bytes.

    python web/build.py [--out web/dist]

It needs clang and wasm-ld, as Debian's clang-19 and lld-19 bring them, and relume with its kernel.
The same sources, weights and compiler give the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from relume.engines import cell_layers, nodes
from relume.engines.nodes import Nodes
from relume.engines.subgraph import only
from relume.methods.relume import CARD
from relume.runtime import weights

HERE = Path(__file__).parent
KERNEL = HERE.parent / "src/relume/render"
COLOURS = HERE.parent / "src/relume/filters"
SHARED = HERE.parent / "src/relume/serve/page"
"""The service's page, of which this one has slider, knobs and style sheets."""

MAPS = ("slope", "offset", "amount")
SMALL = 16
"""Parameters of no more numbers are written as they are: constants of formulas."""

SCRIPTS = (
    *(
        "look.js",
        "model.js",
        "places.js",
        "colour.js",
        "gate.js",
        "engine.js",
        "jpeg.js",
        "metadata.js",
        "png.js",
        "picture.js",
        "worker.js",
    ),
    *("view.js", "gestures.js", "slider.js", "knobs.js", "files.js", "opened.js", "app.js"),
)
"""Each after those that it imports, since it calls them by the names they were given."""

MOST = 250_000
"""Bytes of all that is transferred before the first picture, compressed by brotli."""

TARGET = ("--target=wasm32", "-msimd128", "-mbulk-memory", "-nostdlib", "-ffreestanding")
FLAGS = (*TARGET, "-std=gnu11", "-O3", "-fno-math-errno", "-fvisibility=hidden")
STRICT = ("-Wall", "-Wextra", "-Werror", "-Wl,--no-entry", "-Wl,--strip-all")

OPERATIONS = frozenset(
    re.findall(r"^  (\w+): \(", (HERE / "src/look.js").read_text(encoding="utf-8"), re.MULTILINE)
)
"""What look.js computes."""


def main() -> None:
    """Build, print sizes, and fail where they are too large."""
    parser = argparse.ArgumentParser(description="Build relume's page.")
    parser.add_argument("--out", type=Path, default=HERE / "dist")
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".dist-") as folder:
        made = Path(folder) / "dist"
        made.mkdir()
        _build(made)
        shutil.rmtree(out, ignore_errors=True)
        made.rename(out)
    if _sizes(out) > MOST:
        sys.exit(f"the page is larger than {MOST} bytes")


def _build(out: Path) -> None:
    names = {
        "engine.wasm": _put(out, "engine.wasm", _compiled()),
        "relaxed.wasm": _put(out, "relaxed.wasm", _compiled("-mrelaxed-simd")),
        "model.bin": _put(out, "model.bin", _model()),
    }
    for name in ("style.css", "controls.css", "icon.svg"):
        names[name] = _put(out, name, (SHARED / name).read_bytes())
    for script in SCRIPTS:
        folder = HERE / "src" if (HERE / "src" / script).exists() else SHARED
        names[script] = _put(out, script, _renamed(folder / script, names).encode())
    manifest = _renamed(HERE / "src/manifest.webmanifest", names).encode()
    names["manifest.webmanifest"] = _put(out, "manifest.webmanifest", manifest)
    page = _renamed(HERE / "src/index.html", names).encode()
    (out / "index.html").write_bytes(page)
    version = sha256(page + "".join(sorted(names.values())).encode()).hexdigest()[:16]
    worker = (HERE / "src/sw.js").read_text(encoding="utf-8")
    files = json.dumps(["./", *sorted(names.values())])
    worker = worker.replace("__VERSION__", version).replace("__FILES__", files)
    (out / "sw.js").write_text(worker, encoding="utf-8")


def _put(out: Path, name: str, data: bytes) -> str:
    """Write a file under a name that its bytes decide."""
    stem, _, end = name.partition(".")
    named = f"{stem}.{sha256(data).hexdigest()[:10]}.{end}"
    (out / named).write_bytes(data)
    return named


def _renamed(path: Path, names: dict[str, str]) -> str:
    """Return a text in which files are called by the names they were given."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".js":
        text = re.sub(r"^ *//.*\n", "", text, flags=re.MULTILINE)  # comments are for the sources
    for name, named in names.items():
        text = text.replace(f"./{name}", f"./{named}")
    return text


def _compiled(*more: str) -> bytes:
    """Compile the engine."""
    compiler = next((each for each in ("clang-19", "clang") if shutil.which(each)), None)
    linker = next((each for each in ("wasm-ld-19", "wasm-ld") if shutil.which(each)), None)
    if compiler is None or linker is None:
        sys.exit("clang and wasm-ld are needed: apt install clang-19 lld-19")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "engine.wasm"
        command = [compiler, *FLAGS, *STRICT, *more, f"-fuse-ld={shutil.which(linker)}"]
        command += [
            f"-I{HERE / 'src/c'}",
            f"-I{KERNEL}",
            f"-I{COLOURS}",
            str(HERE / "src/engine.c"),
            "-o",
            str(out),
        ]
        subprocess.run(command, check=True)
        return out.read_bytes()


def _model() -> bytes:
    """Return the published weights as model.js reads them."""
    data = weights.read_published("relume", f"{CARD.weights[0].name}.onnx")
    layers = cell_layers.read(data)
    if layers is None or CARD.lifting is None:
        sys.exit("the model is not one that the layers know")
    look = _look(data)
    needed = {name for node in look.nodes for name in node.inputs}
    halves: list[np.ndarray] = []
    constants: dict[str, Any] = {}
    filled = 0
    for name, value in look.constants.items():
        if name not in needed:
            continue
        if value.size <= SMALL or value.dtype.kind != "f":
            bounded = np.clip(value, -(2**31), 2**31 - 1) if value.dtype.kind == "i" else value
            constants[name] = {"shape": list(value.shape), "data": bounded.ravel().tolist()}
        else:
            constants[name] = {"shape": list(value.shape), "at": filled}
            halves.append(value.ravel())
            filled += value.size
    halves.append(layers.weights)
    values = np.concatenate(halves).astype("<f2")
    if not np.isfinite(values).all():
        sys.exit("a parameter is larger than a half can be")
    description = {
        "look": {
            "nodes": [
                [n.operation, n.inputs, n.outputs, _attributes(n.attributes)] for n in look.nodes
            ],
            "constants": constants,
            "knobs": [knob.name for knob in CARD.knobs if knob.name in needed],
        },
        "layers": {
            "table": layers.table.ravel().tolist(),
            "black": layers.black,
            "at": filled,
            "count": layers.weights.size,
        },
        "halo": CARD.lifting.halo,
        "knobs": [
            {
                "name": k.name,
                "default": k.default,
                "low": k.low,
                "high": k.high,
                "meaning": k.meaning,
            }
            for k in CARD.knobs
        ],
    }
    text = json.dumps(description, separators=(",", ":"), sort_keys=True).encode()
    planes = values.view(np.uint8).reshape(-1, 2)
    return struct.pack("<I", len(text)) + text + planes[:, 0].tobytes() + planes[:, 1].tobytes()


def _attributes(attributes: Any) -> dict[str, Any]:
    known = ("strides", "pads", "group", "kernel_shape", "count_include_pad")
    known += ("axis", "keepdims", "mode")
    return {name: attributes[name] for name in known if name in attributes}


def _look(data: bytes) -> Nodes:
    """Return the part that looks, at its one size: what depends on sizes is constant then."""
    import onnxruntime

    if CARD.lifting is None:
        sys.exit("the card does not say at which size it looks")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "look.onnx"
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(path)
        options.log_severity_level = 3
        options.intra_op_num_threads = 1
        for name, size in (
            ("batch", 1),
            ("height", CARD.lifting.side),
            ("width", CARD.lifting.side),
        ):
            options.add_free_dimension_override_by_name(name, size)
        onnxruntime.InferenceSession(only(data, MAPS), options, providers=["CPUExecutionProvider"])
        graph = nodes.read(path.read_bytes())
    same: dict[str, str] = {}
    kept = []
    for node in graph.nodes:
        inputs = tuple(same.get(name, name) for name in node.inputs)
        whole = [name for name in inputs if not _is_identity(graph.constants.get(name))]
        if node.operation == "MatMul" and len(whole) == 1:
            same[node.outputs[0]] = whole[0]  # averages over areas of one sample each
            continue
        if node.operation not in OPERATIONS or len(node.outputs) != 1:
            sys.exit(f"look.js does not compute {node.operation}")
        kept.append(nodes.Node(node.operation, inputs, node.outputs, node.attributes))
    return Nodes(tuple(kept), graph.constants)


def _is_identity(value: Any) -> bool:
    return value is not None and value.ndim == 2 and np.array_equal(value, np.eye(len(value)))


def _sizes(out: Path) -> int:
    """Print the size of each file, plain and compressed; return what a browser is sent."""
    try:
        import brotli
    except ImportError:
        brotli = None
    total = 0
    print(f"{'file':36} {'bytes':>8} {'gzip':>8} {'brotli':>8}")
    for path in sorted(out.iterdir()):
        data = path.read_bytes()
        zipped = len(gzip.compress(data, 9, mtime=0))
        small = zipped if brotli is None else len(brotli.compress(data, quality=11))
        total += small
        print(f"{path.name:36} {len(data):8} {zipped:8} {small if brotli else '–':>8}")
    print(f"{'together':36} {total:26} ({'brotli' if brotli else 'gzip: brotli is not installed'})")
    return total


if __name__ == "__main__":
    main()
