"""Files in a folder and in a bucket behave the same; the bucket is that of a real server."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from micro.adapters.storage import BucketStorage, FolderStorage, open_storage
from micro.core.ports import Storage
from micro.errors import NotFound, OutsideFailed
from tests.servers import Bucket, free_port, s3_server


@pytest.fixture(scope="module")
def server() -> Iterator[Bucket]:
    with s3_server() as bucket:
        yield bucket


@pytest.fixture(params=["folder", "bucket"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, server: Bucket) -> Storage:
    if request.param == "folder":
        return open_storage(f"file://{tmp_path / 'files of micro'}")
    name = f"bucket-{tmp_path.name.replace('_', '-').lower()[-40:]}"
    return open_storage(Bucket(server.host, name=name).storage_url)


def test_what_was_put_is_got(storage: Storage) -> None:
    for key, content in (
        ("scans/ab/one.jpg", b"\0picture\xff" * 100_000),
        ("empty", b""),
        ("scans/ab/é ü.jpg", b"accents"),
    ):
        assert not storage.exists(key)
        storage.put(key, content)
        assert storage.exists(key)
        assert storage.get(key) == content


def test_putting_again_replaces(storage: Storage) -> None:
    storage.put("one", b"first")
    storage.put("one", b"second")
    assert storage.get("one") == b"second"


def test_what_is_not_there_is_not_found(storage: Storage) -> None:
    with pytest.raises(NotFound):
        storage.get("scans/ab/none.jpg")
    storage.put("scans/one.jpg", b"x")
    assert not storage.exists("scans")
    storage.delete("scans/none.jpg")


def test_what_was_deleted_is_gone(storage: Storage) -> None:
    storage.put("one", b"x")
    storage.delete("one")
    assert not storage.exists("one")
    with pytest.raises(NotFound):
        storage.get("one")


def test_keys_are_listed_below_a_folder(storage: Storage) -> None:
    for key in ("releases/a/data.csv", "releases/a/sub/more.csv", "releases/ab/data.csv", "scans/one.jpg"):
        storage.put(key, b"x")
    assert sorted(storage.keys("releases/a")) == ["releases/a/data.csv", "releases/a/sub/more.csv"]
    assert sorted(storage.keys("releases/a/")) == ["releases/a/data.csv", "releases/a/sub/more.csv"]
    assert sorted(storage.keys("")) == [
        "releases/a/data.csv",
        "releases/a/sub/more.csv",
        "releases/ab/data.csv",
        "scans/one.jpg",
    ]
    assert list(storage.keys("nothing")) == []


def test_many_may_put_the_same_at_once(storage: Storage) -> None:
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda number: storage.put("same", bytes([number]) * 50_000), range(12)))
    content = storage.get("same")
    assert len(content) == 50_000
    assert len(set(content)) == 1


def test_two_processes_may_make_the_bucket_at_once(server: Bucket) -> None:
    address = Bucket(server.host, name="made-by-many").storage_url
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda number: open_storage(address).put(f"file {number}", b"x"), range(6)))
    assert len(list(open_storage(address).keys(""))) == 6


def test_a_folder_keeps_nothing_half(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    with pytest.raises(TypeError):
        storage.put("one", "not bytes")  # type: ignore[arg-type]
    (tmp_path / ".half-left-by-a-crash").write_bytes(b"x")
    assert list(tmp_path.glob("one*")) == []
    assert list(storage.keys("")) == []
    assert len(list(tmp_path.iterdir())) == 1


def test_a_folder_that_does_not_work_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    storage = FolderStorage(tmp_path)
    with pytest.raises(OutsideFailed):
        storage.put("file/below", b"x")
    with pytest.raises(OutsideFailed):
        storage.put("x" * 300, b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutsideFailed):
        storage.get("folder")


def test_files_are_for_micro_alone(tmp_path: Path) -> None:
    FolderStorage(tmp_path).put("scans/one.jpg", b"x")
    assert not stat.S_IMODE(os.stat(tmp_path / "scans" / "one.jpg").st_mode) & 0o077


def test_a_bucket_that_does_not_answer_is_told_and_is_not_the_same_as_nothing_there() -> None:
    storage = open_storage(f"s3+http://key:secret@127.0.0.1:{free_port()}/bucket")
    for call in (
        lambda: storage.put("one", b"x"),
        lambda: storage.get("one"),
        lambda: storage.exists("one"),
        lambda: storage.delete("one"),
        lambda: list(storage.keys("")),
    ):
        with pytest.raises(OutsideFailed) as caught:
            call()
        assert not caught.value.permanent


def test_an_address_says_key_secret_host_region_and_bucket() -> None:
    storage = open_storage("s3://ke%2By:sec%2Fret@objects.example.org/scans-of-micro?region=fr-par")
    assert isinstance(storage, BucketStorage)
    assert storage.bucket == "scans-of-micro"
    assert "https" in str(storage.client._base_url._url.scheme)
    credentials = storage.client._provider.retrieve()
    assert (credentials.access_key, credentials.secret_key) == ("ke+y", "sec/ret")
