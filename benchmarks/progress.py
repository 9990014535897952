"""Say how far a long measurement has come."""

from __future__ import annotations

import sys
from collections.abc import Callable


def counter(size: int, *, every: int) -> Callable[[object], None]:
    """Return what is called after each of `size` steps, and prints a line now and then."""
    done = 0

    def tell(step: object) -> None:
        nonlocal done
        done += 1
        if done % every == 0:
            print(f"{done} of {size}", file=sys.stderr, flush=True)

    return tell
