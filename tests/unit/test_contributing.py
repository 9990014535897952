"""The worked example of CONTRIBUTING.md, run as it stands there."""

from __future__ import annotations

import re
import types
from pathlib import Path

import numpy as np

from fake.night import night
from relume.runtime.method import ModuleMethod

PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"


def test_the_worked_example_is_a_method() -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = types.ModuleType("sigmoid")
    exec(compile(code, "sigmoid.py", "exec"), vars(module))
    method = ModuleMethod(module)
    image = (night(20, 30) * 255).astype(np.uint8)
    out = method(image)
    assert out.shape == image.shape
    assert out.mean() > image.mean()
    assert method(np.zeros_like(image)).max() == 0
    assert method(np.full_like(image, 255)).min() == 255
