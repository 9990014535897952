"""Generated model files: enhanced = min(image · gain, 1), with a card inside or without."""

from __future__ import annotations

import onnx
from onnx import TensorProto, helper

from relume.card import Card, Knob, to_json

CARD = Card(
    name="brighter",
    title="Brighter",
    summary="Multiplies.",
    kind="neural",
    reach=0,
    cost="one multiplication",
    knobs=(Knob("gain", 2.0, low=1.0, high=8.0, meaning="factor"),),
)


def model_bytes(card: Card | None = CARD, *, output: str = "enhanced") -> bytes:
    """Return the bytes of the model."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "height", "width"])
    gain = helper.make_tensor_value_info("gain", TensorProto.FLOAT, [])
    result = helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, 3, "height", "width"])
    one = helper.make_tensor("one", TensorProto.FLOAT, [], [1.0])
    nodes = [
        helper.make_node("Mul", ["image", "gain"], ["product"]),
        helper.make_node("Min", ["product", "one"], [output]),
    ]
    graph = helper.make_graph(nodes, "brighter", [image, gain], [result], [one])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if card is not None:
        helper.set_model_props(model, {"relume.card": to_json(card)})
    onnx.checker.check_model(model)
    return model.SerializeToString()
