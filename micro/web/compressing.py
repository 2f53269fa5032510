"""Texts go out compressed (gzip) to browsers that take it; static files are compressed once a process and kept."""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Response, request

LEAST_BYTES = 1000  # Less does not become smaller than a packet.
TEXTS = frozenset(
    {
        "text/html",
        "text/css",
        "text/javascript",
        "application/javascript",
        "application/json",
        "application/ld+json",
        "application/problem+json",
        "image/svg+xml",
    }
)


def compress(response: Response) -> Response:
    """The response, compressed where that helps. Its ETag becomes a weak one: the meaning is the same, not the bytes.

    Files that people keep, such as those of a release, go out as they are.
    """
    if response.mimetype not in TEXTS or (response.is_streamed and not response.direct_passthrough):
        return response
    response.vary.add("Accept-Encoding")
    if not _is_wanted(response):
        return response
    etag, _ = response.get_etag()
    response.direct_passthrough = False
    content = response.get_data()
    if len(content) < LEAST_BYTES:
        return response
    is_kept = request.endpoint in ("static", "public.kind_file", "modules.script")
    response.set_data(_kept(content) if is_kept else gzip.compress(content, 6, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    if etag:
        response.set_etag(etag, weak=True)
    return response


def _is_wanted(response: Response) -> bool:
    return (
        response.status_code not in (204, 206, 304)
        and request.method != "HEAD"
        and "Content-Encoding" not in response.headers
        and not response.headers.get("Content-Disposition", "").startswith("attachment")
        and request.accept_encodings["gzip"] > 0
    )


@lru_cache(maxsize=256)
def _kept(content: bytes) -> bytes:
    return gzip.compress(content, 9, mtime=0)
