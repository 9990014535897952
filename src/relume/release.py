"""Which release this is: on its own, so that whatever needs it need not import the front."""

from __future__ import annotations

__version__ = "0.1.0"
