"""A form with a picture, taken apart as it comes (RFC 7578).

The part called `picture`, or the one with a file name, is the picture; what that name says is
not looked at. All other parts are short values.
"""

from __future__ import annotations

from collections.abc import Callable

from python_multipart.multipart import MultipartParser, parse_options_header

from relume.errors import ContractError

PICTURE = "picture"
MOST_FIELDS = 64
LONGEST = 4096
"""Bytes of a value."""


class Form:
    """Takes pieces of a body, gives the picture's on, and keeps the fields.

    Raises: ContractError without a boundary; FormParserError for one that is none.
    """

    def __init__(self, content_type: str, give: Callable[[bytes], None]) -> None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise ContractError("the form is malformed: it states no boundary")
        self.fields: list[tuple[str, str]] = []
        self._give = give
        self._pictures = 0
        self._ended = False
        self._begin()
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._on_header_name,
                "on_header_value": self._on_header_value,
                "on_header_end": self._on_header_end,
                "on_headers_finished": self._on_headers,
                "on_part_data": self._on_data,
                "on_part_end": self._on_end,
                "on_end": self._on_last,
            },
        )

    def take(self, piece: bytes) -> None:
        """Take the next piece. Raises: ContractError, FormParserError."""
        self._parser.write(piece)

    def end(self) -> None:
        """Check that the form was whole and held a picture."""
        if not self._ended:
            raise ContractError("the form is cut off")
        if not self._pictures:
            raise ContractError(f"the form holds no picture; name its part {PICTURE!r}")

    def _begin(self) -> None:
        self._header_name, self._header_value = b"", b""
        self._disposition, self._value = b"", b""
        self._name = ""
        self._is_picture = False

    def _on_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _on_header_end(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            self._disposition = self._header_value
        self._header_name, self._header_value = b"", b""

    def _on_headers(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_picture = self._name == PICTURE or b"filename" in options
        self._pictures += self._is_picture
        if self._pictures > 1:
            raise ContractError("the form holds several pictures; send them one by one")
        if not self._is_picture and len(self.fields) >= MOST_FIELDS:
            raise ContractError(f"the form has more than {MOST_FIELDS} fields")

    def _on_data(self, data: bytes, start: int, end: int) -> None:
        piece = data[start:end]
        if self._is_picture:
            self._give(piece)
        elif len(self._value) + len(piece) > LONGEST:
            raise ContractError(f"{self._name[:40]}: longer than {LONGEST} bytes")
        else:
            self._value += piece

    def _on_end(self) -> None:
        if not self._is_picture:
            self.fields.append((self._name[:80], self._value.decode("utf-8", "replace")))

    def _on_last(self) -> None:
        self._ended = True
