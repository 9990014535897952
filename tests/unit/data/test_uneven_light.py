from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from relume.data.uneven_light import shade


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    height=st.integers(3, 70),
    width=st.integers(3, 70),
    flat=st.booleans(),
)
def test_shade_is_a_share_of_every_pixel_and_repeats(seed, height, width, flat):
    random = np.random.default_rng(seed)
    image = np.full((height, width, 3), random.random(), np.float32)
    if not flat:
        image = random.random((height, width, 3), np.float32)
    first, second = (shade(image, random=np.random.default_rng(seed)) for _ in range(2))
    assert first.shape == (height, width, 1)
    assert np.array_equal(first, second)
    assert 0 <= first.min() <= first.max() <= 1


def test_shade_ends_where_things_end():
    """A disc on a wall is in the shade or not, but hardly ever in part."""
    down, right = np.mgrid[:96, :96] - 47.5
    inside = down**2 + right**2 < 30**2
    image = np.where(inside[..., None], (0.2, 0.25, 0.3), (0.75, 0.7, 0.6)).astype(np.float32)
    across, within = [], []
    for seed in range(40):
        found = shade(image, random=np.random.default_rng(seed))[..., 0]
        steps = np.abs(np.diff(found, axis=1))
        border = np.diff(inside.astype(int), axis=1) != 0
        across.append(steps[border].mean())
        within.append(steps[~border].mean())
    assert np.mean(across) > 10 * np.mean(within)
