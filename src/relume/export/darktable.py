"""A package for darktable's AI subsystem: `.dtmodel`, a zip of `config.json` and one graph.

darktable hands over a whole picture through Lua, (1, 3, H, W) float32, sRGB-encoded, and as many
tensors as the graph has inputs and outputs, none of them 0-d. So the graph of a package takes any
height and width, clips what lies outside [0, 1], takes each knob as a tensor of one number, and
returns the enhanced picture alone. Borders are extended to the multiple that the network wants and
cut off again. What looks small and restores close works strip by strip, as `relume.export.strips`
says; other graphs see the whole picture at once.

Source: darktable 5.6, `src/ai/README.md` and `src/common/ai_models.c`; darktable-ai, README.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from relume.arrays import Floats
from relume.card import Card, Knob
from relume.engines.subgraph import only
from relume.export.agreement import Feeds, Run
from relume.export.darktable_rules import CONFIG, ENHANCED, GRAPH, IMAGE, TASK, check_package
from relume.export.interface import Interface
from relume.export.onnx import runner
from relume.export.strips import stripped
from relume.runtime import weights

_CLIPPED, _BORDERED = "dt.clipped", "dt.bordered"
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The same model gives the same bytes: a zip's first day."""


def package(content: bytes, card: Card, *, knobs: Sequence[Knob], version: str) -> bytes:
    """Return the package of a float32 model whose card this is; `knobs` are the graph's, in order,
    and `version` is the model's, X.Y.

    Raises: WeightsError for a graph that darktable could not run.
    """
    facts = config(card, knobs=knobs, version=version)
    name = facts["id"]
    files = {
        CONFIG: json.dumps(
            config(card, knobs=knobs, version=version), indent=2, ensure_ascii=False
        ).encode(),
        GRAPH: wrapped(content, card),
    }
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in files.items():
            entry = zipfile.ZipInfo(f"{name}/{file}", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    made = buffer.getvalue()
    check_package(made)
    return made


def config(card: Card, *, knobs: Sequence[Knob], version: str) -> dict[str, Any]:
    """Return what stands in `config.json`; the knobs stand under `attributes`, in order."""
    first = card.weights[0] if card.weights else None
    licence = card.license or "MIT"
    report = f"src/relume/methods/{card.name}/README.md of relume {version}"
    listing = f"{first.name}.photos.tsv" if first else ""
    listed = bool(listing) and (weights.folder(card.name) / listing).is_file()
    return {
        "id": f"{TASK}-{card.name}",
        "name": f"{card.title}: more light",
        "description": card.summary,
        "task": TASK,
        "backend": "onnx",
        "version": version,
        "arch": card.name,
        "num_inputs": 1 + len(knobs),
        "tiling": False,
        "spatial_dims": ["height", "width"],
        "attributes": {
            "input_colorspace": "srgb",
            "knobs": [
                {
                    "name": knob.name,
                    "default": knob.default,
                    "low": knob.low,
                    "high": knob.high,
                    "meaning": knob.meaning,
                }
                for knob in knobs
            ],
        },
        "model_card": {
            "long_description": f"{card.summary} {card.cost}".strip(),
            "scope": "Photographs taken too dark; runs locally, changes light, colour and noise. "
            "No generated content: what was not photographed is not drawn.",
            "author": "The relume developers",
            "source": f"relume {version}, src/relume/methods/{card.name}, with its training code",
            "paper": card.paper or f"{report}: architecture, training and what was measured",
            "license": licence,
            "training_data": "; ".join(first.trained_on) if first else "",
            "training_data_license": f"author, licence and source of each: weights/{listing}"
            if listed
            else "the photographs are not listed with their licences; none is part of the model",
            "notes": "; ".join(
                (
                    f"weights {first.name}, sha256 {first.sha256}" if first else "no weights",
                    f"rebuilt from {first.name}.safetensors by relume export" if first else "",
                    "OSAID 1.0: met"
                    if listed
                    else "OSAID 1.0: not met, as photographs are not listed",
                    "MOF: class III, with training code",
                    f"known limits: {report}",
                )
            ),
        },
    }


def wrapped(content: bytes, card: Card) -> bytes:
    """Return a model that takes any size and any number, and gives the enhanced picture alone."""
    made = None
    if card.lifting is not None:
        made = stripped(content, side=card.lifting.side, halo=card.lifting.halo)
    if made is None:
        made = _bordered_whole(content, multiple_of=card.multiple_of)
    onnx.checker.check_model(onnx.load_from_string(made), full_check=True)
    return made


def _bordered_whole(content: bytes, *, multiple_of: int) -> bytes:
    """Return a model that runs a graph on the whole picture, extended to what it wants."""
    model: Any = onnx.load_from_string(only(content, [ENHANCED]))
    graph = model.graph
    knobs = [port.name for port in graph.input if port.name != IMAGE]
    inside = {name: f"{name}.inside" for name in (*knobs, ENHANCED)} | {IMAGE: _BORDERED}
    _rename(graph, inside)
    nodes = [*_entered(knobs, inside), *graph.node, _cut(inside[ENHANCED], ENHANCED)]
    del graph.node[:], graph.input[:], graph.output[:], graph.value_info[:]
    graph.node.extend(nodes)
    graph.initializer.extend(_numbers(multiple_of))
    graph.input.append(_port(IMAGE, [1, 3, "height", "width"]))
    graph.input.extend(_port(name, [1]) for name in knobs)
    graph.output.append(_port(ENHANCED, [1, 3, "height", "width"]))
    return model.SerializeToString(deterministic=True)


def _rename(graph: Any, called: dict[str, str]) -> None:
    """Give the values that nodes take and give other names."""
    for node in graph.node:
        for names in (node.input, node.output):
            names[:] = [called.get(name, name) for name in names]


def _entered(knobs: list[str], inside: dict[str, str]) -> list[Any]:
    """Return the operators that take numbers out of their tensors, clip the picture and extend its
    borders to whole blocks."""
    node = helper.make_node
    return [
        *(node("Squeeze", [name, "dt.axis0"], [inside[name]], name=f"dt.{name}") for name in knobs),
        node("Clip", [IMAGE, "dt.black", "dt.white"], [_CLIPPED], name="dt.clip"),
        node("Shape", [IMAGE], ["dt.size"], name="dt.shape", start=2),
        node("Neg", ["dt.size"], ["dt.less"], name="dt.neg"),
        node("Mod", ["dt.less", "dt.multiple"], ["dt.more"], name="dt.mod"),
        node("Concat", ["dt.zeros6", "dt.more"], ["dt.pads"], name="dt.concat", axis=0),
        node("Pad", [_CLIPPED, "dt.pads"], [_BORDERED], name="dt.pad", mode="edge"),
    ]


def _cut(name: str, to: str) -> Any:
    """Return the operator that cuts such borders off again."""
    return helper.make_node(
        "Slice", [name, "dt.zeros2", "dt.size", "dt.axes23"], [to], name="dt.slice"
    )


def _numbers(multiple_of: int) -> list[Any]:
    values: dict[str, Any] = {
        "dt.axis0": np.array([0], np.int64),
        "dt.black": np.array(0, np.float32),
        "dt.white": np.array(1, np.float32),
        "dt.multiple": np.array([multiple_of], np.int64),
        "dt.zeros6": np.zeros(6, np.int64),
        "dt.zeros2": np.zeros(2, np.int64),
        "dt.axes23": np.array([2, 3], np.int64),
    }
    return [numpy_helper.from_array(value, name) for name, value in values.items()]


def _port(name: str, shape: list[int | str]) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def run_of_package(data: bytes) -> Run:
    """Return a function that runs a package as darktable does; knobs may be 0-d."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(GRAPH))
        run = runner(archive.read(name))

    def one(feeds: Feeds) -> list[Floats]:
        return list(
            run({key: value if key == IMAGE else value.reshape(1) for key, value in feeds.items()})
        )

    return one


def face_of_package(face: Interface) -> Interface:
    """Return what a package takes and gives, for a comparison: one output."""
    return Interface(face.channels, face.multiple_of, face.knobs, face.outputs[:1])
