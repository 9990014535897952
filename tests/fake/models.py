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


def plain_model(
    *,
    input: str = "x",
    output: str = "y",
    shape: tuple[int | str, ...] = ("n", 3, "h", "w"),
    kind: int = TensorProto.FLOAT,
    extra_input: bool = False,
) -> bytes:
    """Return a model as other projects write them: no card, names of its own, y = √x."""
    ports = [
        helper.make_tensor_value_info(input, kind, shape),
        helper.make_tensor_value_info(output, kind, shape),
    ]
    inputs, nodes = ports[:1], [helper.make_node("Sqrt", [input], [output])]
    if extra_input:
        inputs.append(helper.make_tensor_value_info("extra", kind, []))
        nodes = [helper.make_node("Mul", [input, "extra"], [output])]
    graph = helper.make_graph(nodes, "root", inputs, ports[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()


def unknown_operator() -> bytes:
    """Return a model with an operator that no engine has."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "h", "w"])
    result = helper.make_tensor_value_info("enhanced", TensorProto.FLOAT, [1, 3, "h", "w"])
    node = helper.make_node("Frobnicate", ["image"], ["enhanced"], domain="com.example")
    graph = helper.make_graph([node], "strange", [image], [result])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString()


def attention_model(operator: str = "Softmax") -> bytes:
    """Return a model that holds one operator: enhanced = Softmax of the image's columns, or its
    Attention to itself, a row being what it attends with and to."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "h", "w"])
    result = helper.make_tensor_value_info("enhanced", TensorProto.FLOAT, [1, 3, "h", "w"])
    if operator == "Softmax":
        node, opset = helper.make_node("Softmax", ["image"], ["enhanced"], axis=3), 17
    else:
        node, opset = helper.make_node("Attention", ["image"] * 3, ["enhanced"]), 23
    graph = helper.make_graph([node], "attention", [image], [result])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return model.SerializeToString()
