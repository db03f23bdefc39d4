"""Packing the outputs into a zip that is sent while it is made: no second copy on the disk, any size.

Who asked for it (`stream_zip` f) gets an archive that is whole on the disk before the first byte is sent.

Sizes and checksums follow each member's data, since the stream cannot go back; the central directory has them too.
"""

from __future__ import annotations

import logging
import os
import time
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from taskmon.core.plain_text import portable
from taskmon.core.storage import OUTPUT_FOLDER
from taskmon.core.units import size_text
from taskmon.runner.workspace import OutputFile

logger = logging.getLogger(__name__)

_LEVEL: Final = 1
_CHUNK: Final = 512 * 1024
_ZIP64_FROM: Final = 1 << 30
_PROGRESS_EVERY_S: Final = 5.0
_COMPRESSED: Final = frozenset(
    {
        *(".7z", ".bz2", ".gz", ".lz4", ".npz", ".rar", ".tgz", ".xz", ".zip", ".zst"),
        *(".gif", ".jpeg", ".jpg", ".mkv", ".mp4", ".png", ".webm", ".webp"),
    }
)


class OutputPacker:
    """Iterating gives the archive's bytes. One object packs once; `sent` counts the bytes given out."""

    def __init__(self, files: Sequence[OutputFile], empty_folders: Sequence[str] = ()) -> None:
        self._files = files
        self._empty_folders = empty_folders
        self._total = sum(file.size for file in files)
        self._sink = _Sink()
        self.sent = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._pack():
            self.sent += len(chunk)
            yield chunk

    def _pack(self) -> Iterator[bytes]:
        packed, told = 0, time.monotonic()
        with zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for folder in ("", *self._empty_folders):
                archive.mkdir(f"{OUTPUT_FOLDER}/{portable(folder)}".rstrip("/"))
            for file in self._files:
                for size in self._pack_file(archive, file):
                    packed += size
                    yield from self._sink.take()
                    if time.monotonic() - told > _PROGRESS_EVERY_S:
                        told = time.monotonic()
                        logger.info("packed %s of %s", size_text(packed), size_text(self._total))
        yield from self._sink.take()

    def _pack_file(self, archive: zipfile.ZipFile, file: OutputFile) -> Iterator[int]:
        """Pack one file as long as it is now; a file that has vanished or cannot be read is left out."""
        name = f"{OUTPUT_FOLDER}/{portable(file.name)}"
        try:
            member = zipfile.ZipInfo.from_file(file.source, name, strict_timestamps=False)
            source = file.source.open("rb")
        except OSError as error:
            logger.warning("left out %s: %s", file.name, error)
            return
        with source:
            size = os.fstat(source.fileno()).st_size
            stored = Path(file.name).suffix.lower() in _COMPRESSED
            member.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            member._compresslevel = _LEVEL  # type: ignore[attr-defined] # what ZipFile.write() does too; there is no public way before Python 3.13
            with archive.open(member, "w", force_zip64=size >= _ZIP64_FROM) as target:
                while size > 0 and (chunk := _read(source, min(_CHUNK, size), file.name)):
                    target.write(chunk)
                    size -= len(chunk)
                    yield len(chunk)


class PackedArchive:
    """The same archive, made before anything is sent: iterating gives the bytes of the file `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.sent = 0

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                self.sent += len(chunk)
                yield chunk


def pack_into(path: Path, packer: OutputPacker) -> None:
    """Write the archive to `path`; nothing stays there if that fails. Raises OSError."""
    try:
        with path.open("xb") as file:
            for chunk in packer:
                file.write(chunk)
    except OSError:
        if path.is_file():
            path.unlink()
        raise


def _read(source: BinaryIO, size: int, name: str) -> bytes:
    try:
        return source.read(size)
    except OSError as error:
        logger.warning("%s is stored only in part: %s", name, error)
        return b""


class _Sink:
    """The end of a zip file that is only ever written to; it keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._chunks: list[bytes] = []
        self._position = 0

    def write(self, chunk: bytes) -> int:
        self._chunks.append(bytes(chunk))
        self._position += len(chunk)
        return len(chunk)

    def tell(self) -> int:
        """How many bytes were written so far."""
        return self._position

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """What was written can still be taken."""

    def take(self) -> list[bytes]:
        """What was written since the last time, as at most one piece."""
        chunks, self._chunks = self._chunks, []
        return [b"".join(chunks)] if chunks else []
