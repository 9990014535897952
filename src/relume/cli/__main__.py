"""`python -m relume.cli` is `relume`."""

from __future__ import annotations

import sys

from relume.cli import main

if __name__ == "__main__":
    sys.exit(main())
