"""Stored objects: signed URLs, ranges, listings, archives, and paths that try to leave."""

from __future__ import annotations

import os
import zlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.errors import InvalidInputError, RefusedError
from taskmon.service.byte_ranges import parse_range
from taskmon.service.storage import Storage
from tests.service.house import an_archive, assert_fits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.service.house import House

ESCAPES = ["../up", "a/../../b", "a/..", "/..", "a//b", "a/./b", "a\\b", "a\0b", "", "/", "x" * 256]


@pytest.fixture
async def stranger() -> AsyncIterator[httpx.AsyncClient]:
    """A client without the key."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        yield client


async def test_what_is_uploaded_comes_back(house: House, stranger: httpx.AsyncClient) -> None:
    content = os.urandom(3_000_000)
    answer = await house.upload("/folder/a b ü.bin", content)
    assert answer.headers["x-goog-stored-content-length"] == str(len(content))
    [url] = await house.signed("download", "folder/a b ü.bin")
    assert len(urlsplit(url).path.split("/")) == 4, "one segment, then the storage path"
    whole = await stranger.get(url)
    assert whole.content == content
    assert whole.headers["content-type"] == "application/octet-stream"
    assert whole.headers["x-content-type-options"] == "nosniff"
    head = await stranger.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(content)))
    assert head.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("wanted", "expected"), [("bytes=0-0", b"0"), ("bytes=3-5", b"345"), ("bytes=7-", b"789"), ("bytes=-2", b"89"),
                             ("bytes=8-99", b"89")]
)  # fmt: skip
async def test_a_range_is_answered_alone(
    house: House, stranger: httpx.AsyncClient, wanted: str, expected: bytes
) -> None:
    await house.upload("digits", b"0123456789")
    [url] = await house.signed("download", "digits")
    answer = await stranger.get(url, headers={"Range": wanted})
    assert (answer.status_code, answer.content) == (206, expected)
    assert answer.headers["content-range"].endswith("/10")


async def test_a_range_outside_is_refused_and_a_changed_file_is_sent_whole(
    house: House, stranger: httpx.AsyncClient
) -> None:
    await house.upload("digits", b"0123456789")
    [url] = await house.signed("download", "digits")
    outside = await stranger.get(url, headers={"Range": "bytes=10-"})
    assert (outside.status_code, outside.headers["content-range"]) == (416, "bytes */10")
    changed = await stranger.get(url, headers={"Range": "bytes=1-2", "If-Range": '"old"'})
    assert (changed.status_code, changed.content) == (200, b"0123456789")


@given(size=st.integers(0, 30), first=st.none() | st.integers(0, 40), last=st.none() | st.integers(0, 40))
def test_a_range_never_promises_bytes_that_are_not_there(size: int, first: int | None, last: int | None) -> None:
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    try:
        part = parse_range(header, size)
    except ValueError:
        return
    assert part is None or 0 <= part[0] <= part[1] < size


async def test_a_signature_opens_one_door_for_a_while(house: House, stranger: httpx.AsyncClient) -> None:
    await house.upload("a", b"content")
    await house.upload("b", b"secret")
    [url] = await house.signed("download", "a")
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))

    def forged(path: str = parts.path, **changes: str) -> str:
        return f"{house.url}{path}?{urlencode({**query, **changes})}"

    assert (await stranger.get(forged())).status_code == 200
    assert (await stranger.put(forged(), content=b"x")).status_code == 403
    for wrong in (
        forged("/objects/b"),
        forged("/objects/x/../b"),
        forged(expires=str(int(query["expires"]) + 1)),
        forged(expires="x"),
        forged(expires="٣"),
        forged(operation="upload"),
        forged(signature=query["signature"][::-1]),
        forged(signature="ü"),
        f"{house.url}/objects/b",
    ):
        answer = await stranger.get(wrong)
        assert answer.status_code == 403, wrong
        assert answer.json()["detail"]
    house.clock.advance(13 * 3600)
    late = await stranger.get(url)
    assert late.status_code == 403
    assert "expired" in late.json()["detail"]


@pytest.mark.parametrize("path", ESCAPES)
async def test_no_storage_path_leads_out(house: House, path: str) -> None:
    for method, place, query in [
        ("GET", "/storage/signed-urls", {"operation": "upload", "paths": path}),
        ("GET", "/storage/signed-urls", {"operation": "download", "paths": path}),
        ("GET", "/storage/zip-contents", {"path": path}),
        ("POST", "/storage/copy", {"source": path, "target": "x"}),
        ("DELETE", "/storage/", {"path": path}),
    ]:
        answer = await house.client.request(method, place, params=query)
        assert answer.status_code == 422, (place, answer.text)


async def test_a_signed_path_with_encoded_dots_leads_nowhere(house: House, stranger: httpx.AsyncClient) -> None:
    (house.service.data.root / "loot").write_text("secret")
    url = house.service.signer.url(house.url, "download", "a/../../loot").replace("..", "%2e%2e")
    answer = await stranger.get(url)
    assert answer.status_code == 422
    assert "secret" not in answer.text


def test_a_link_out_of_the_storage_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "storage").mkdir()
    (tmp_path / "storage" / "link").symlink_to("/etc")
    storage = Storage(tmp_path / "storage", tmp_path)
    with pytest.raises(InvalidInputError):
        storage.locate("link/passwd")


async def test_an_upload_that_breaks_off_leaves_nothing(house: House, stranger: httpx.AsyncClient) -> None:
    await house.upload("kept", b"old")

    class CableCutError(Exception):
        pass

    async def chunks() -> AsyncIterator[bytes]:
        yield b"half"
        raise CableCutError

    [url] = await house.signed("upload", "kept")
    with pytest.raises(CableCutError):
        await stranger.put(url, content=chunks())
    [url] = await house.signed("download", "kept")
    assert (await stranger.get(url)).content == b"old"


async def test_an_upload_that_does_not_fit_is_refused_before_it_is_read(house: House) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        pytest.fail("nothing must be read")
        yield b""

    with pytest.raises(RefusedError, match="full") as refusal:
        await house.service.storage.receive("huge", chunks(), expected=10**17)
    assert refusal.value.status_code == 507
    assert list(house.service.data.incoming.iterdir()) == []


async def test_a_missing_object_is_not_an_empty_list(house: House) -> None:
    for path in ("nothing", "nothing/"):
        await house.json("GET", "/storage/signed-urls", params={"operation": "download", "paths": path}, expect=404)


async def test_the_storage_is_listed_copied_measured_and_deleted(house: House) -> None:
    await house.upload("one/a.txt", b"a")
    house_path = house.service.data.storage / "one" / "a.txt"
    os.utime(house_path, (1, 1))
    await house.upload("one/deep/b.txt", b"bb")
    listing = await house.json("GET", "/storage/contents", params={"path": "one/"})
    assert_fits(listing, "StorageContents")
    assert [file["name"] for file in listing["contents"]] == ["deep/", "a.txt"], "newest first"
    everything = await house.json(
        "GET", "/storage/contents", params={"recursive": "true", "sort_by": "size", "order": "asc"}
    )
    assert everything["total_files"] == 4
    assert [file["name"] for file in everything["contents"]][-1] == "one/deep/b.txt"
    assert (await house.json("GET", "/storage/contents", params={"per_page": 1, "page": 2}))["contents"] == []
    await house.json("GET", "/storage/contents", params={"path": "none/"}, expect=404)

    await house.json("POST", "/storage/copy", params={"source": "one", "target": "two"})
    await house.upload("one/a.txt", b"changed")
    [first, second] = await house.signed("download", "two/")
    assert (await house.client.get(first)).content == b"a", "a copy does not change with its origin"
    assert second.split("?")[0].endswith("/two/deep/b.txt")
    assert await house.json("GET", "/storage/size") == 7 + 2 + 1 + 2
    await house.json("DELETE", "/storage/", params={"path": "one/"})
    await house.json("DELETE", "/storage/", params={"path": "one/"}, expect=404)
    assert await house.json("GET", "/storage/size") == 3


async def test_a_member_of_an_archive_is_read_by_its_range(house: House) -> None:
    await house.upload("t/output.zip", an_archive({"stdout.txt": b"hello " * 100, "deep/x": b"1"}))
    for folder in ("artifacts", "artifacts/"):
        query = {"path": "t/output.zip", "zip_relative_path": folder}
        listing = await house.json("GET", "/storage/zip-contents", params=query)
        assert_fits(listing, "ZipArchiveInfo")
        assert [(member["name"], member["size"]) for member in listing["contents"]] == [("stdout.txt", 600)]
    query["recursive"] = "true"
    deep = await house.json("GET", "/storage/zip-contents", params=query)
    assert [member["name"] for member in deep["contents"]] == ["stdout.txt", "deep/x"]
    place = await house.json("GET", "/storage/zip-file-range", params={**query, "filename": "stdout.txt"})
    assert_fits(place, "ZipFileRange")
    [url] = await house.signed("download", "t/output.zip")
    part = await house.client.get(url, headers={"Range": f"bytes={place['range_start']}-{place['range_end']}"})
    assert part.status_code == 206
    assert zlib.decompress(part.content, -15) == b"hello " * 100
    await house.json("GET", "/storage/zip-file-range", params={**query, "filename": "none"}, expect=404)


async def test_what_is_no_archive_is_told(house: House) -> None:
    await house.upload("t/output.zip", b"not a zip")
    answer = await house.json("GET", "/storage/zip-contents", params={"path": "t/output.zip"}, expect=500)
    assert "cannot be read" in answer["detail"]
