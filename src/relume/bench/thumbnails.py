"""Small copies of the pictures of a run, kept beside the records for the page."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from PIL import Image

from relume.arrays import Picture
from relume.io.atomic import replacing
from relume.metrics.planes import to_bytes

SIDE = 240
"""Pixels of the longer side."""
QUALITY = 80
"""About 8 kB each: a page of hundreds stays light enough to send."""

LOW, HIGH = "low picture", "high picture"
"""What stands in for a row's name; no row is called so, a method's name holds no space."""


class Thumbnails:
    """A folder of JPEG files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, picture: Picture, *, dataset: str, row: str, key: str) -> None:
        """Keep a picture. Raises: ContractError when it is none; UnwritableError."""
        image = Image.fromarray(to_bytes(picture, what="thumbnail"))
        image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
        stream = BytesIO()
        image.save(stream, "JPEG", quality=QUALITY)
        self._folder.mkdir(parents=True, exist_ok=True)
        with replacing(self._path(dataset, row, key)) as target:
            target.write(stream.getvalue())

    def has(self, *, dataset: str, row: str, key: str) -> bool:
        """Tell whether there is one."""
        return self._path(dataset, row, key).exists()

    def uri(self, *, dataset: str, row: str, key: str) -> str:
        """Return a `data:` address; empty where there is no thumbnail."""
        try:
            content = self._path(dataset, row, key).read_bytes()
        except OSError:
            return ""
        return f"data:image/jpeg;base64,{b64encode(content).decode()}"

    def _path(self, dataset: str, row: str, key: str) -> Path:
        # A hash, since rows and keys may hold any sign that a file name must not.
        name = sha256("\0".join((dataset, row, key)).encode()).hexdigest()[:24]
        return self._folder / f"{name}.jpg"
