"""The node: IMAGE in, IMAGE out, a batch as a series with even light.

A look is taken of every picture of the batch, smoothed over its neighbours by `steadiness`, and
painted; so the frames of a clip keep their light. The result is on the input's device and of its
type.
"""

import numpy as np
import torch
from comfy_api.latest import ComfyExtension, io

from relume import load
from relume.looks.several import can_blend, mean

METHOD = "relume"
_methods = {}


def method_of(name):
    """Return a method, loaded once."""
    if name not in _methods:
        _methods[name] = load(name)
    return _methods[name]


def steadied(looks, steadiness):
    """Return each look's mean with its neighbours, as far as `steadiness` pictures away."""
    if steadiness == 0:
        return looks
    found = []
    for index, look in enumerate(looks):
        near = range(max(0, index - steadiness), min(len(looks), index + steadiness + 1))
        kin = [each for each in near if can_blend(look, looks[each])]
        weights = [steadiness + 1.0 - abs(each - index) for each in kin]
        found.append(mean([looks[each] for each in kin], weights))
    return found


class RelumeRelight(io.ComfyNode):
    """More light (relume)."""

    @classmethod
    def define_schema(cls):
        knobs = [
            io.Float.Input(
                knob.name, default=knob.default, min=knob.low, max=knob.high, step=0.05,
                tooltip=knob.meaning,
            )
            for knob in method_of(METHOD).card.knobs
        ]  # fmt: skip
        return io.Schema(
            node_id="relume_Relight",
            display_name="More light (relume)",
            category="image/adjust",
            description=method_of(METHOD).card.summary,
            inputs=[
                io.Image.Input("image"),
                io.Float.Input("strength", default=1.0, min=0.0, max=1.0, step=0.05),
                io.Int.Input("steadiness", default=0, min=0, max=60,
                             tooltip="pictures of a batch before and after that share their light"),
                *knobs,
            ],
            outputs=[io.Image.Output()],
        )  # fmt: skip

    @classmethod
    def execute(cls, image, strength, steadiness, **knobs):
        method = method_of(METHOD)
        if image.ndim != 4 or image.shape[-1] < 3:
            raise ValueError(
                f"relume: expected an IMAGE [B, H, W, C] of 3 channels or more, "
                f"got {list(image.shape)}; convert it to RGB first"
            )
        if 0 in image.shape:
            return io.NodeOutput(image)
        # Upscalers and samplers at low precision leave NaN and infinity in single pixels.
        frames = [
            np.ascontiguousarray(
                frame[..., :3].detach().to("cpu", torch.float32).nan_to_num(nan=0.0).clamp(0, 1)
            )
            for frame in image
        ]
        looks = steadied([method.look(frame, **knobs) for frame in frames], int(steadiness))
        lit = [
            torch.from_numpy(method.paint(look, frame, strength=strength))
            for look, frame in zip(looks, frames, strict=True)
        ]
        result = torch.stack(lit).to(image.device, image.dtype)
        if image.shape[-1] > 3:
            result = torch.cat([result, image[..., 3:]], dim=-1)
        return io.NodeOutput(result)


class RelumeExtension(ComfyExtension):
    """What ComfyUI loads."""

    async def get_node_list(self):
        return [RelumeRelight]


async def comfy_entrypoint():
    """Return the extension."""
    return RelumeExtension()
