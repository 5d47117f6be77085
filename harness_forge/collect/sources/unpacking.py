"""Packed files, read as what they hold: gzip of one or several members, zstd; text as UTF-8."""

from __future__ import annotations

import codecs
import io
import shlex
import zlib
from pathlib import Path
from typing import BinaryIO

from harness_forge.collect.sources.zstd_frames import demand_whole_frames
from harness_forge.core.errors import SourceError

_BLOCK = 1 << 20
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_GZIP_WITH_HEADER = 31
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""What a file in another encoding begins with; UTF-32's is longer and so comes first."""
_ENCODINGS = {
    b"\1\0\1\0": "utf-16-le",
    b"\0\1\0\1": "utf-16-be",
    b"\1\0\0\0": "utf-32-le",
    b"\0\0\0\1": "utf-32-be",
}
"""Without a mark: where the NULs beside the first ASCII characters are."""


def opened(path: Path) -> BinaryIO:
    """Return a file opened for reading the bytes it holds; what packed it is known by its start.

    Raises:
        SourceError: it may not be read; or it is packed with zstd, and zstandard is not installed.
        EOFError: it is packed with zstd and cut off; gzip says so when it is read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except PermissionError as error:
        raise may_not_be_read(path, error) from None
    if start[:2] == _GZIP:
        return io.BufferedReader(Gunzip(path), _BLOCK)
    if start == _ZSTD:
        return io.BufferedReader(_unzstd(path), _BLOCK)
    return path.open("rb", buffering=_BLOCK)


def may_not_be_read(path: Path, error: OSError) -> SourceError:
    """Return the error for a file or folder that whoever runs forge has no right to read."""
    rights = "u+rx" if path.is_dir() else "u+r"
    what = f"cannot be read: {error.strerror}"
    hint = f"chmod {rights} {shlex.quote(str(path))}, or let its owner run forge"
    return SourceError(str(path), what, hint)


def beginning(path: Path, size: int) -> bytes:
    """Return the first bytes that a file holds, unpacked and as UTF-8."""
    with opened(path) as file:
        return as_utf8(file).read(size)


def as_utf8(file: BinaryIO) -> BinaryIO:
    """Return a file's text as UTF-8, whichever Unicode encoding its first bytes show."""
    start = file.peek(4)[:4]
    encoding = next((name for mark, name in _MARKS if start.startswith(mark)), None)
    encoding = encoding or _ENCODINGS.get(bytes(bool(byte) for byte in start))
    return io.BufferedReader(_Recoded(file, encoding), _BLOCK) if encoding else file


class Gunzip(io.RawIOBase):
    """The bytes that a gzip file holds, member by member.

    Attributes:
        trailing: bytes behind the last member that are none.

    Raises:
        EOFError: (when read) it is cut off.
        zlib.error: (when read) it is damaged.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.trailing = 0
        self._file = path.open("rb")
        self._member: zlib._Decompress | None = zlib.decompressobj(_GZIP_WITH_HEADER)
        self._held = b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def close(self) -> None:
        """Close the packed file as well."""
        self._file.close()
        super().close()

    def readinto(self, buffer) -> int:
        """Read into `buffer` and return how many bytes; 0 at the end."""
        while self._member is not None:
            data = self._held or self._file.read(_BLOCK)
            out = self._member.decompress(data, len(buffer))
            self._held = self._member.unconsumed_tail
            if self._member.eof:
                self._next_member(self._member.unused_data)
            elif not data and not out:
                raise EOFError("it ends before its end-of-stream marker")
            if out:
                buffer[: len(out)] = out
                return len(out)
        return 0

    def _next_member(self, rest: bytes) -> None:
        while len(rest := rest.lstrip(b"\0")) < len(_GZIP):  # padding is allowed
            if not (more := self._file.read(_BLOCK)):
                break
            rest += more
        if rest.startswith(_GZIP):
            self._member, self._held = zlib.decompressobj(_GZIP_WITH_HEADER), rest
            return
        self._member = None
        while rest:
            self.trailing += len(rest)
            rest = self._file.read(_BLOCK)


class _Recoded(io.RawIOBase):
    """A file in another encoding, as UTF-8; halves of surrogate pairs stay halves."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        super().__init__()
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self._held = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        while not self._held:
            block = self._file.read(_BLOCK)
            # What is cut off in the middle of a character is no JSON, which the reader says.
            self._held = self._decoder.decode(block).encode("utf-8", "surrogatepass")
            if not block:
                break
        taken, self._held = self._held[: len(buffer)], self._held[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def faults() -> tuple[type[Exception], ...]:
    """Return what reading a damaged or cut off file raises."""
    try:
        from zstandard import ZstdError
    except ImportError:
        return EOFError, OSError, zlib.error
    return EOFError, OSError, zlib.error, ZstdError


def unreadable(path: Path, error: Exception) -> SourceError:
    """Return the error for a file that one of `faults` was raised by."""
    if isinstance(error, OSError) and error.errno:
        hint = "is its disk or its network folder there and sound? nothing of it was read"
        return SourceError(str(path), f"cannot be read: {error.strerror}", hint)
    return SourceError(str(path), f"cannot be unpacked: {error}", _remedy(path, error))


def _remedy(path: Path, error: Exception) -> str:
    if "requires too much memory" in str(error):  # zstd --long=28 and more
        return f"unpack it: zstd -d --long=31 {shlex.quote(path.name)}"
    return "is it whole? nothing of it was read"


def _unzstd(path: Path) -> io.RawIOBase:
    try:
        import zstandard
    except ImportError:
        raise SourceError(
            str(path), "is packed with zstd", "pip install 'harness-forge[zstd]', or unpack it"
        ) from None
    with path.open("rb", buffering=0) as file:
        demand_whole_frames(file)
    reader = zstandard.ZstdDecompressor()
    return reader.stream_reader(path.open("rb"), read_across_frames=True, closefd=True)
