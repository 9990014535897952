"""relume as a VapourSynth filter: `clip = relume_vs.relight(clip)`.

Takes a clip of constant format and size; YUV goes through RGB with the clip's own matrix, BT.709
where it says none. Looks are taken of every `every`-th frame and blended between, so that light
does not flicker; VapourSynth may ask for frames in any order.
"""

from functools import lru_cache

import numpy as np
import vapoursynth as vs

import relume
from relume.looks.several import blend, can_blend

UNSPECIFIED = 2
BT709 = 1


def relight(clip, *, every=12, strength=1.0, **knobs):
    """Return the clip with more light; `knobs` are those of the method `relume`.

    Raises: vs.Error for a clip whose format or size varies.
    """
    if clip.format is None or not clip.width or not clip.height:
        raise vs.Error("relume: the clip's format and size must be constant; resize it first")
    core, method = vs.core, relume.load("relume")
    rgb = _to_rgb(core, clip)

    @lru_cache(maxsize=8)
    def look(number):
        with rgb.get_frame(number) as frame:
            return method.look(_picture(frame), **knobs)

    def paint(n, f):
        first = n // every * every
        last = min(first + every, rgb.num_frames - 1)
        seen = look(first)
        if last > first and can_blend(seen, look(last)):
            seen = blend(seen, look(last), (n - first) / (last - first))
        result = method.paint(seen, _picture(f), strength=strength)
        made = f.copy()
        for plane in range(3):
            np.asarray(made[plane])[...] = result[..., plane]
        return made

    return _back(core, core.std.ModifyFrame(rgb, rgb, paint), clip)


def _picture(frame):
    planes = [np.asarray(frame[plane]) for plane in range(3)]
    return np.clip(np.stack(planes, axis=-1), 0.0, 1.0).astype(np.float32)


def _matrix(clip):
    with clip.get_frame(0) as first:
        matrix = int(first.props.get("_Matrix", UNSPECIFIED))
    return BT709 if matrix == UNSPECIFIED else matrix


def _to_rgb(core, clip):
    if clip.format.color_family == vs.RGB:
        return core.resize.Bicubic(clip, format=vs.RGBS)
    return core.resize.Bicubic(clip, format=vs.RGBS, matrix_in=_matrix(clip))


def _back(core, rgb, clip):
    if clip.format.color_family == vs.RGB:
        return core.resize.Bicubic(rgb, format=clip.format.id)
    return core.resize.Bicubic(rgb, format=clip.format.id, matrix=_matrix(clip))
