"""What is understood of a file: format, depth, colour and by whose word, and what it carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relume.gain_map import GainMap
from relume.io.formats import codecs
from relume.io.metadata import photoshop
from relume.io.reading import read
from relume.io.source import MAX_BYTES, Source
from relume.io.writing import losses
from relume.photo import Format, Mosaic, Photo


@dataclass(frozen=True, eq=False)
class Inspection:
    """What is understood of a file."""

    photo: Photo
    """As it is read; a mosaic where the file holds one."""

    @property
    def facts(self) -> dict[str, Any]:
        """All of it by name, for JSON: numbers, words, lists, None."""
        photo, colour = self.photo, self.photo.colour
        return {
            "format": photo.format,
            "width": photo.width,
            "height": photo.height,
            "channels": (1 if photo.pixels.ndim == 2 else 3) + (photo.alpha is not None),
            "alpha": photo.alpha is not None,
            "depth": photo.depth,
            "colour": {
                "name": colour.name,
                "by": colour.by,
                "primaries": _primaries(photo),
                "transfer": colour.transfer.name if colour.transfer else None,
                "codes": _codes(photo),
                "hdr": colour.is_hdr,
            }
            if photo.mosaic is None
            else None,
            "orientation": photo.orientation,
            "pages": photo.pages,
            "gain map": _gain_map(photo.gain_map) if photo.gain_map is not None else None,
            "motion": {
                "bytes": len(photo.motion.data),
                "microseconds": photo.motion.microseconds,
            }
            if photo.motion is not None
            else None,
            "quality": photo.quality,
            "subsampling": photo.subsampling,
            "dpi": photo.dpi,
            "raw": _raw(photo.mosaic) if photo.mosaic is not None else None,
            "metadata": _metadata(photo),
            "notes": list(photo.notes),
            "losses": {name: list(lost) for name, lost in self.losses.items()},
        }

    @property
    def losses(self) -> dict[Format, tuple[str, ...]]:
        """What would be lost in each format that is written."""
        photo = self.photo
        if photo.mosaic is not None:  # developing it is what loses the sensor's own counts
            return {}
        return {
            name: losses(photo, name)
            for name, codec in codecs().items()
            if codec.encode is not None and name != "dng"
        }


def inspect(
    source: Source, *, max_pixels: int = 250_000_000, max_bytes: int = MAX_BYTES
) -> Inspection:
    """Read a file and return what is understood of it.

    Raises: UnreadableError; TooLargeError; MissingExtraError.
    """
    return Inspection(read(source, max_pixels=max_pixels, max_bytes=max_bytes, want="mosaic"))


def _primaries(photo: Photo) -> dict[str, Any] | None:
    found = photo.colour.primaries
    if found is None or photo.pixels.ndim == 2:
        return None
    places = {name: getattr(found, name) for name in ("red", "green", "blue", "white")}
    rounded = {name: [round(number, 4) for number in place] for name, place in places.items()}
    return {"name": found.name, **rounded}


def _codes(photo: Photo) -> dict[str, Any]:
    colour = photo.colour
    return {
        "primaries": colour.primaries.code if colour.primaries else 2,
        "transfer": colour.transfer.code if colour.transfer else 2,
        "matrix": colour.matrix,
        "range": colour.range,
    }


def _raw(mosaic: Mosaic) -> dict[str, Any]:
    return {
        "filter": mosaic.cfa,
        "black": list(mosaic.black),
        "white": mosaic.white,
        "crop": list(mosaic.crop) if mosaic.crop is not None else None,
        "white balance": [round(gain, 4) for gain in mosaic.white_balance],
        "exposure": mosaic.exposure_seconds,
        "iso": mosaic.iso,
    }


def _gain_map(found: GainMap) -> dict[str, Any]:
    height, width, channels = found.gains.shape
    return {
        "width": width,
        "height": height,
        "channels": channels,
        "headroom": round(found.headroom, 3),
    }


def _metadata(photo: Photo) -> dict[str, Any]:
    """Name → bytes, or the words of texts; only what is there."""
    beside = photo.beside
    found: dict[str, Any] = {
        "EXIF": photo.exif and len(photo.exif),
        "XMP": photo.xmp and len(photo.xmp),
        "extended XMP": beside.extended_xmp and len(beside.extended_xmp),
        "ICC profile": photo.icc and len(photo.icc),
        "Photoshop": beside.photoshop and len(beside.photoshop),
        "IPTC": len(photoshop.iptc(beside.photoshop) or b"") if beside.photoshop else None,
        "texts": dict(beside.texts),
    }
    return {name: value for name, value in found.items() if value}
