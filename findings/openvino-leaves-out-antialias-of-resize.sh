#!/usr/bin/env bash
# Expected: a model with `Resize(antialias=1)` (ONNX operator set 18, what exporters write for
# `antialias=True`) either gives the same picture in every engine or is refused: OpenVINO refuses what
# it does not know, `Pad(mode="wrap")` for instance.
# Found: OpenVINO reads it without a word and reduces without the filter, exactly as for antialias=0.
# A network whose input is made small inside the graph sees aliased noise instead of means: on noise
# in [0, 1] reduced to 0.3, values differ by more than 0.3, while ONNX Runtime agrees with the
# operator's reference implementation to 1e-6.
# Source: ONNX, Operators, Resize-18, attribute antialias ("achieved by stretching the resampling
# filter by a factor max(1, 1 / scale)"); OpenVINO, "Supported Operations", ONNX Resize listed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv environment
environment/bin/pip install --quiet --disable-pip-version-check \
  onnx==1.23.2 onnxruntime==1.31.1 openvino==2026.4.1 numpy==2.4.6 2>/dev/null

cat > show.py <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

print("onnx", onnx.__version__, "onnxruntime", onnxruntime.__version__, "openvino", openvino.__version__)
picture = np.random.default_rng(0).random((1, 1, 24, 24), dtype=np.float32)


def reduced(scale, antialias):
    """The picture reduced by the reference, ONNX Runtime and OpenVINO (32-bit floats)."""
    scales = numpy_helper.from_array(np.array([1, 1, scale, scale], np.float32), "scales")
    node = helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="linear", antialias=antialias)
    graph = helper.make_graph(
        [node], "reduce",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, picture.shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, "h", "w"])],
        [scales],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    data = model.SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(data), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return (
        ReferenceEvaluator(model).run(None, {"x": picture})[0],
        session.run(None, {"x": picture})[0],
        next(iter(compiled([picture]).values())),
    )


holds = True
for scale in (0.5, 0.3):
    reference, runtime, vino = reduced(scale, 1)
    plain = reduced(scale, 0)[2]
    print(f"to {scale}: ONNX Runtime differs from the reference by {np.abs(runtime - reference).max():.1e},"
          f" OpenVINO by {np.abs(vino - reference).max():.2f};"
          f" OpenVINO with and without antialias by {np.abs(vino - plain).max():.1e}")
    holds &= bool(np.abs(runtime - reference).max() < 1e-5 and np.abs(vino - reference).max() > 0.1)
    holds &= bool(np.array_equal(vino, plain))
sys.exit(0 if holds else 1)
PY
environment/bin/python show.py
