"""What can go wrong, as one tree.

RelumeError                         shown to people without a traceback
├── UnreadableError   (OSError)     not a picture we can open; says what its first bytes are
├── UnwritableError   (OSError)     the result cannot be put there; says why and where else
├── TooLargeError     (ValueError)  more pixels or bytes than the limit; names the option
├── UnknownNameError  (KeyError)    no method, knob or verb is called that; did you mean …
├── ContractError     (ValueError)  a value breaks a contract: what, expected, got
├── WeightsError      (OSError)     absent, or not the published file: expected, got
├── MissingExtraError (ImportError) an optional package is absent: the pip line that adds it
└── NoDatasetError    (FileNotFoundError) looked here; needs this layout; obtain it there

Every message is one line that names the thing, the place and the way out.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class RelumeError(Exception):
    """An error whose message is meant for the user, not for the developer."""

    def __str__(self) -> str:
        # KeyError quotes its argument and OSError may print a tuple: show the sentence itself.
        return str(self.args[0]) if self.args else type(self).__name__


class UnreadableError(RelumeError, OSError):
    """A file that is not a picture we can open."""


class UnwritableError(RelumeError, OSError):
    """A place where the result cannot be put."""


class TooLargeError(RelumeError, ValueError):
    """More pixels or bytes than the limit allows."""


class UnknownNameError(RelumeError, KeyError):
    """A name that nothing answers to."""

    @classmethod
    def of(cls, kind: str, name: str, known: Iterable[str]) -> UnknownNameError:
        """Say that no `kind` is called `name` and suggest the nearest of `known`."""
        choices = sorted(known)
        near = get_close_matches(name, choices, n=2, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(choices)}"
        return cls(f"no {kind} is called {name!r}; {hint}")


class ContractError(RelumeError, ValueError):
    """A value that breaks a stated contract."""


class WeightsError(RelumeError, OSError):
    """Weights that are absent or not the ones that were published."""


class MissingExtraError(RelumeError, ImportError):
    """An optional package that this feature needs is not installed."""


class NoDatasetError(RelumeError, FileNotFoundError):
    """A folder that does not hold the data set it should."""
