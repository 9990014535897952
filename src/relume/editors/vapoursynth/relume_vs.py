"""relume as a VapourSynth filter: `clip = relume_vs.relight(clip)`.

Takes a clip of constant format and size; YUV goes through RGB with the clip's own matrix, BT.709
where it says none, and comes back with its range and the place of its chroma. Looks are taken of
every `every`-th frame and blended between, so that light does not flicker; VapourSynth may ask for
frames in any order.
"""

from functools import lru_cache

import numpy as np
import vapoursynth as vs

import relume
from relume.card import settle
from relume.looks.several import blend, can_blend

UNSPECIFIED = 2
BT709 = 1
FULL = 1


def relight(clip, *, every=12, strength=1.0, **knobs):
    """Return the clip with more light; `knobs` are those of the method `relume`.

    Raises: vs.Error, before any frame is asked for, for a clip whose format or size varies and for
    a knob or number that there is not.
    """
    if not isinstance(clip, vs.VideoNode):
        raise vs.Error(f"relume: expected a video clip, got {type(clip).__name__}")
    # A format that varies is None, or one without a number, from release to release.
    if clip.format is None or not clip.format.id or not clip.width or not clip.height:
        raise vs.Error("relume: the clip's format and size must be constant; resize it first")
    core, method = vs.core, relume.load("relume")
    _check(method, every, strength, knobs)
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
    # Filters that work in floating point leave NaN in single pixels.
    picture = np.nan_to_num(np.stack(planes, axis=-1), nan=0.0)
    return np.clip(picture, 0.0, 1.0).astype(np.float32)


def _check(method, every, strength, knobs):
    if not isinstance(every, int) or every < 1:
        raise vs.Error(f"relume: every: expected a whole number from 1 on, got {every!r}")
    if not isinstance(strength, (int, float)) or not 0.0 <= strength <= 1.0:
        raise vs.Error(f"relume: strength: expected a value from 0 to 1, got {strength!r}")
    try:
        settle(method.card, knobs)
    except relume.RelumeError as error:
        raise vs.Error(f"relume: {error}") from error


def _properties(clip):
    with clip.get_frame(0) as first:
        return dict(first.props)


def _matrix(stated):
    matrix = int(stated.get("_Matrix", UNSPECIFIED))
    return BT709 if matrix == UNSPECIFIED else matrix


def _lost(stated):
    """Return what a way through RGB forgets, as the resizer is told it."""
    found = {}
    if "_Range" in stated:
        found["range_s"] = "full" if int(stated["_Range"]) == FULL else "limited"
    if "_ChromaLocation" in stated:
        found["chromaloc"] = int(stated["_ChromaLocation"])
    return found


def _to_rgb(core, clip):
    if clip.format.color_family == vs.RGB:
        return core.resize.Bicubic(clip, format=vs.RGBS)
    return core.resize.Bicubic(clip, format=vs.RGBS, matrix_in=_matrix(_properties(clip)))


def _back(core, rgb, clip):
    if clip.format.color_family == vs.RGB:
        return core.resize.Bicubic(rgb, format=clip.format.id)
    stated = _properties(clip)
    return core.resize.Bicubic(rgb, format=clip.format.id, matrix=_matrix(stated), **_lost(stated))
