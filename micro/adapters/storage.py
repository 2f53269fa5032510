"""Files in a local folder, or in a bucket of an S3-compatible server."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from micro.core.ports import Storage
from micro.errors import NotFound, OutsideFailed

try:
    import urllib3
    from minio import Minio
    from minio.error import MinioException, S3Error
    from urllib3.exceptions import HTTPError

    HAS_S3 = True
except ImportError:  # The extra "s3" is not installed; open_storage says how.
    HAS_S3 = False

# A call that fails is tried again after 0.2 and 0.4 seconds: a visitor waits for it.
RETRIES = 2


def open_storage(address: str) -> Storage:
    """The storage at ``file:///folder`` or ``s3://KEY:SECRET@host/bucket`` (``s3+http://`` without TLS)."""
    url = urlsplit(address)
    if url.scheme == "file":
        return FolderStorage(Path(unquote(url.path)))
    if not HAS_S3:
        raise OutsideFailed("Storage in a bucket needs one more package: pip install 'micro[s3]'", permanent=True)
    client = Minio(
        endpoint=url.netloc.rpartition("@")[2],
        access_key=unquote(url.username or ""),
        secret_key=unquote(url.password or ""),
        secure=url.scheme == "s3",
        region=parse_qs(url.query).get("region", ["us-east-1"])[0],
        http_client=_connections(),
    )
    return BucketStorage(client, url.path.strip("/"))


def _connections() -> urllib3.PoolManager:
    retries = urllib3.Retry(RETRIES, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504))
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=5, read=60), retries=retries)


class FolderStorage:
    """Files below one folder; written beside their place and moved in, so that none is ever seen half."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, key: str, content: bytes) -> None:
        path = self.folder / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=".half-")
            try:
                with os.fdopen(descriptor, "wb") as half:
                    half.write(content)
                    half.flush()
                    os.fsync(half.fileno())
                os.replace(beside, path)
            except BaseException:
                Path(beside).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise OutsideFailed("A file could not be stored: %(why)s.", why=error.strerror) from error

    def get(self, key: str) -> bytes:
        try:
            return (self.folder / key).read_bytes()
        except FileNotFoundError:
            raise NotFound("This file is not in the storage.") from None
        except OSError as error:
            raise OutsideFailed("The storage did not answer: %(why)s.", why=error.strerror) from error

    def exists(self, key: str) -> bool:
        return (self.folder / key).is_file()

    def delete(self, key: str) -> None:
        (self.folder / key).unlink(missing_ok=True)

    def keys(self, prefix: str) -> Iterator[str]:
        root = self.folder / prefix
        for path in sorted(root.rglob("*")) if root.is_dir() else ():
            if path.is_file() and not path.name.startswith(".half-"):
                yield path.relative_to(self.folder).as_posix()

    def sizes(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        for key in self.keys(prefix):
            try:
                found = (self.folder / key).stat()
            except FileNotFoundError:  # Deleted meanwhile.
                continue
            yield key, found.st_size, found.st_mtime


class BucketStorage:
    """Objects in one bucket, which is made when it is missing."""

    def __init__(self, client: Any, bucket: str) -> None:
        self.client, self.bucket = client, bucket
        self._ready = False

    def put(self, key: str, content: bytes) -> None:
        with _told("A file could not be stored: %(why)s."):
            self._prepared().put_object(self.bucket, key, BytesIO(content), len(content))

    def get(self, key: str) -> bytes:
        with _told("The storage did not answer: %(why)s."):
            response = self._prepared().get_object(self.bucket, key)
            try:
                return bytes(response.read())
            finally:
                response.close()
                response.release_conn()

    def exists(self, key: str) -> bool:
        try:
            with _told("The storage did not answer: %(why)s."):
                self._prepared().stat_object(self.bucket, key)
        except NotFound:
            return False
        return True

    def delete(self, key: str) -> None:
        with _told("The storage did not answer: %(why)s."):
            self._prepared().remove_object(self.bucket, key)

    def keys(self, prefix: str) -> Iterator[str]:
        below = prefix.rstrip("/") + "/" if prefix else ""
        with _told("The storage did not answer: %(why)s."):
            for found in self._prepared().list_objects(self.bucket, prefix=below, recursive=True):
                yield found.object_name

    def sizes(self, prefix: str) -> Iterator[tuple[str, int, float]]:
        below = prefix.rstrip("/") + "/" if prefix else ""
        with _told("The storage did not answer: %(why)s."):
            for found in self._prepared().list_objects(self.bucket, prefix=below, recursive=True):
                yield found.object_name, found.size, found.last_modified.timestamp()

    def _prepared(self) -> Any:
        if not self._ready:
            try:
                if not self.client.bucket_exists(self.bucket):
                    self.client.make_bucket(self.bucket)
            except S3Error as error:
                if error.code != "BucketAlreadyOwnedByYou":  # Another process was faster.
                    raise
            self._ready = True
        return self.client


@contextmanager
def _told(sentence: str) -> Iterator[None]:
    """Turns what the client raises into NotFound or OutsideFailed with this sentence."""
    try:
        yield
    except S3Error as error:
        if error.code in ("NoSuchKey", "NoSuchObject", "404"):
            raise NotFound("This file is not in the storage.") from None
        raise OutsideFailed(sentence, why=error.code) from error
    except (MinioException, HTTPError, OSError) as error:
        raise OutsideFailed(sentence, why=type(error).__name__) from error
