"""Stored files and the insides of stored archives, as they travel over the wire. Sizes in bytes.

Source: the models StorageContents, StorageFile, ZipArchiveInfo, FileInfo, ZipFileRange of the Inductiva Web API.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

INPUT_ARCHIVE: Final = "input.zip"
OUTPUT_ARCHIVE: Final = "output.zip"
INPUT_FOLDER: Final = "sim_dir"
"""The one folder inside `input.zip` that holds the user's files."""
OUTPUT_FOLDER: Final = "artifacts"
"""The one folder inside `output.zip` that holds what the task wrote."""
STDOUT_FILE: Final = "stdout.txt"
STDERR_FILE: Final = "stderr.txt"
SYSTEM_METRICS_FILE: Final = "system_metrics.csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageFile:
    name: str
    is_directory: bool
    provider_id: str
    region: str
    size_bytes: int | None = None
    creation_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageContents:
    total_files: int
    available_regions: list[str]
    contents: list[StorageFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipMember:
    """`range_start` is the offset of the member's (compressed) data; `compress_type` 0 stored, 8 deflate."""

    name: str
    size: int | None = None
    compressed_size: int | None = None
    range_start: int | None = None
    creation_time: datetime | None = None
    compress_type: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipArchive:
    size: int
    contents: list[ZipMember]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZipFileRange:
    """First and last byte, both inclusive, of a member's compressed data inside the archive."""

    range_start: int
    range_end: int
    compress_type: int
