"""How a manifest names results: what lies in its folder by the way from there, all else in full."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from relume.runs.rows import kept


class Keys:
    """The keys of results, as long as the folder they lie in has this name."""

    def __init__(self, root: Path) -> None:
        self._prefix = kept(f"{os.fspath(root)}/")
        self._root = kept(os.path.abspath(root))  # noqa: PTH100 (links stay as they were named)

    def of(self, output: Path | str) -> str:
        """Return the key of an output, a path or the address of an object."""
        text = kept(os.fspath(output))
        if "://" in text and isinstance(output, str):
            return text
        if _are_tidy(text) and text.startswith(self._prefix):
            return text[len(self._prefix) :]  # as below, without asking the system each time
        absolute = kept(os.path.abspath(output))  # noqa: PTH100
        inside = absolute.startswith(self._root + os.sep)
        return Path(absolute[len(self._root) + 1 :] if inside else absolute).as_posix()

    def of_all(self, outputs: Sequence[str]) -> list[str]:
        """Return the keys of many outputs."""
        # One look at all of them together, since to look at each takes longer than to cut it.
        text = "\0".join(outputs)
        if kept(text) is text and _are_tidy(text) and text.count("\0") + 1 == len(outputs):
            cut = len(self._prefix)
            if (
                text.startswith(self._prefix)
                and text.count(f"\0{self._prefix}") == len(outputs) - 1
            ):
                return [output[cut:] for output in outputs]
        return list(map(self.of, outputs))


def _are_tidy(text: str) -> bool:
    return "//" not in text and "/." not in text and os.sep == "/"
