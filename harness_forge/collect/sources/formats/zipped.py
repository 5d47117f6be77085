"""JSON members of a zip archive, one at a time, with a limit to what each unpacks to."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from harness_forge.collect.sources.records import LeftOut
from harness_forge.collect.sources.texts import RecordRefused, demand_whole, loads
from harness_forge.collect.sources.values import LocatedValue
from harness_forge.core.errors import SourceError

_ZSTD = 93
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, OSError, ValueError, OverflowError, RuntimeError),
)
"""What a damaged archive makes zipfile raise: places outside the file, unknown ways of packing,
members that only seem to be encrypted."""
_LOCAL = struct.Struct("<4s5H3I2H")
"""Header of a member, in front of its data; its name and extra field follow."""


def is_zip(path: Path) -> bool:
    """Return whether a file begins as a zip archive does."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04"


def members(
    path: Path, limit: int, wanted: Callable[[str], bool]
) -> Iterator[LocatedValue | LeftOut]:
    """Yield the JSON values of members, in the order of the archive.

    Args:
        limit: bytes that a member may unpack to.
        wanted: whether a member of this name is read.

    Raises:
        SourceError: the archive is broken, or packed with zstd, which is not installed.
    """
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        said = f"is no whole zip archive: {error}"
        raise SourceError(str(path), said, "is it still being written, or cut off?") from None
    with archive:
        chosen = [one for one in archive.infolist() if wanted(one.filename)]
        for place, one in enumerate(chosen, 1):
            yield _member(archive, one, place, limit)


def _member(archive: zipfile.ZipFile, one: zipfile.ZipInfo, place: int, limit: int):
    try:
        text = _unpacked(archive, one, limit)
    except _BROKEN as error:
        return LeftOut(place, "broken_member", f"{one.filename}: {error}"[:200], malformed=True)
    if text is None:
        said = f"{one.filename}: over {limit >> 20} MB: source.max_line_mb"
        return LeftOut(place, "too_long", said, malformed=True)
    try:
        value: Any = loads(text)
        demand_whole(value, text)
    except RecordRefused as error:
        return LeftOut(place, error.args[0], f"{one.filename}: {error.args[1]}", malformed=True)
    except (ValueError, RecursionError) as error:
        return LeftOut(place, "not_json", f"{one.filename}: {error}"[:200], malformed=True)
    return LocatedValue(place, value, text)


def _unpacked(archive: zipfile.ZipFile, one: zipfile.ZipInfo, limit: int) -> bytes | None:
    """Return what a member holds; None where it is more than the limit."""
    if one.file_size > limit:
        return None
    if one.compress_type != _ZSTD:
        with archive.open(one) as file:
            text = file.read(limit + 1)
    else:
        text = _unzstd(archive, one, limit)
    return None if len(text) > limit else text


def _unzstd(archive: zipfile.ZipFile, one: zipfile.ZipInfo, limit: int) -> bytes:
    """Return what a member holds that Python's zipfile cannot unpack before 3.14."""
    try:
        import zstandard
    except ImportError:
        said = "holds members that are packed with zstd"
        remedy = "pip install 'harness-forge[zstd]'"
        raise SourceError(str(archive.filename), said, remedy) from None
    file = archive.fp
    file.seek(one.header_offset)
    head = _LOCAL.unpack(file.read(_LOCAL.size))
    file.seek(one.header_offset + _LOCAL.size + head[-2] + head[-1])
    packed = file.read(one.compress_size)
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed, read_across_frames=True) as reader:
            text = reader.read(limit + 1)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None
    if len(text) <= limit and zlib.crc32(text) != one.CRC:
        raise ValueError("its checksum differs")
    return text
