"""The view `normal`: well-exposed pictures alone, for objectives that darken them themselves."""

from __future__ import annotations

from relume.train.views import low


class View(low.View):
    """{"normal"}: drawn as dark pictures are."""

    role = "normal"
