"""One line of JSON on standard error for each thing that happens; never what a picture holds."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any


def log(event: str, /, **about: Any) -> None:  # fields of a log line are its knobs
    """Write one line."""
    when = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = json.dumps({"time": when, "event": event, **about})
    sys.stderr.write(line + "\n")


class Lines(logging.Handler):
    """The server's own warnings in the same form."""

    def emit(self, record: logging.LogRecord) -> None:
        about = {"level": record.levelname.lower(), "message": record.getMessage()}
        if record.exc_info:
            about["traceback"] = logging.Formatter().formatException(record.exc_info)
        log("server", **about)


def take_over() -> None:
    """Send what the server says through these lines: warnings and worse."""
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = [Lines()] if name == "uvicorn" else []
        logger.setLevel(logging.WARNING)
