"""The colour profile of a JPEG 2000 file, which Pillow does not tell (ISO/IEC 15444-1, annex I: boxes)."""

from __future__ import annotations

from collections.abc import Iterator

_SIGNATURE = b"\0\0\0\x0cjP  "
_RESTRICTED, _ANY = 2, 3  # Methods of a colour box that hold an ICC profile; 1 names a colour space by number.


def profile_of(content: bytes) -> bytes | None:
    """The ICC profile in the file's header, or None."""
    if not content.startswith(_SIGNATURE):
        return None  # A bare codestream.
    for kind, start, end in _boxes(content, 0, len(content)):
        if kind == b"jp2h":
            for inner, first, last in _boxes(content, start, end):
                if inner == b"colr" and content[first : first + 1] in (bytes([_RESTRICTED]), bytes([_ANY])):
                    return content[first + 3 : last]
        if kind in (b"jp2h", b"jp2c"):
            return None
    return None


def _boxes(content: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the content of each box."""
    while start + 8 <= end:
        length, kind, head = int.from_bytes(content[start : start + 4], "big"), content[start + 4 : start + 8], 8
        if length == 1:
            length, head = int.from_bytes(content[start + 8 : start + 16], "big"), 16
        stop = end if length == 0 else start + length
        if stop > end or stop < start + head:
            return
        yield kind, start + head, stop
        start = stop
