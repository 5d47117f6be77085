"""Data files by file name extension; each is hashed while it is written."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

from harness_forge.config.format import EXTENSIONS
from harness_forge.core.errors import ConfigError, ExportError
from harness_forge.core.hints import did_you_mean

_FLUSH = 1 << 19
"""Bytes that wait to be written: more of them no longer fit into a core's cache."""
_GZIP = 31
"""zlib's word for a gzip header; it holds neither name nor time, so bytes repeat."""

_BEHIND = 2
"""Writes of that many bytes that may be under way."""


class LinesFile(Protocol):
    """Interface of a data file that lines are appended to."""

    def extend(self, lines: Sequence[bytes]) -> int:
        """Append lines without their newlines; return the number of the first, from 1."""

    def close(self) -> dict[str, Any]:
        """Flush and close the file; return lines, bytes and sha256."""

    def abandon(self) -> None:
        """Close the file without finishing it."""


class Compressor(Protocol):
    """Interface of the compression objects of zlib and zstandard."""

    def compress(self, data: bytes) -> bytes:
        """Return the compressed bytes that are ready."""

    def flush(self) -> bytes:
        """Return the rest."""


class JsonLines:
    """A file of JSON lines, plain or compressed.

    Args:
        path: the file; it must not be there.
        compressor: what the bytes go through; None for nothing.
    """

    def __init__(self, path: Path, compressor: Compressor | None = None) -> None:
        self._file = path.open("wb", buffering=0)
        self._compressor = compressor
        self._hash = hashlib.sha256()
        # Copied together at once: orjson's bytes hold on to 4 KB and more, whatever they say.
        self._waiting = bytearray()
        # Hashing, compressing and writing hold no lock of Python's: rows need not wait for it.
        self._hand = ThreadPoolExecutor(1, thread_name_prefix="lines")
        self._behind: deque[Future[None]] = deque()
        self._lines = self._bytes = 0

    def extend(self, lines: Sequence[bytes]) -> int:
        """Append lines without their newlines; return the number of the first, from 1."""
        for line in lines:
            self._waiting += line
            self._waiting += b"\n"
            if len(self._waiting) >= _FLUSH:
                self._flush()
        self._lines += len(lines)
        return self._lines - len(lines) + 1

    def close(self) -> dict[str, Any]:
        """Flush and close the file; return lines, bytes and sha256."""
        if not self._file.closed:
            self._flush()
            self._settle(0)
            self._hand.shutdown()
            if self._compressor:
                self._write(self._compressor.flush())
            os.fsync(self._file.fileno())
            self._file.close()
        return {"lines": self._lines, "bytes": self._bytes, "sha256": self._hash.hexdigest()}

    def abandon(self) -> None:
        """Close the file without finishing it."""
        self._hand.shutdown(cancel_futures=True)
        self._file.close()

    def _flush(self) -> None:
        if not self._waiting:
            return
        data, self._waiting = self._waiting, bytearray()
        self._settle(_BEHIND)
        self._behind.append(self._hand.submit(self._pass_on, data))

    def _settle(self, most: int) -> None:
        """Wait until at most `most` writes are pending; raise the error of a failed write."""
        while len(self._behind) > most:
            self._behind.popleft().result()

    def _pass_on(self, data: bytearray) -> None:
        self._write(self._compressor.compress(data) if self._compressor else data)

    def _write(self, data: bytes | bytearray) -> None:
        self._hash.update(data)
        self._bytes += len(data)
        view = memoryview(data)
        while view:  # a raw file may take less than it is given
            view = view[self._file.write(view) :]


def _gzip(path: Path) -> LinesFile:
    return JsonLines(path, zlib.compressobj(6, wbits=_GZIP))


def _zstd(path: Path) -> LinesFile:
    try:
        import zstandard
    except ImportError:
        raise _missing("jsonl.zst", "zstandard", "zstd") from None
    return JsonLines(path, zstandard.ZstdCompressor(level=3).compressobj())


def _parquet(path: Path) -> LinesFile:
    try:
        from harness_forge.datasets.formats.parquet import ParquetLines
    except ImportError:
        raise _missing("parquet", "pyarrow", "parquet") from None
    return ParquetLines(path)


def _missing(extension: str, package: str, extra: str) -> ExportError:
    return ExportError(
        f"format.extension={extension}",
        f"needs the package {package}",
        f"pip install 'harness-forge[{extra}]', or another ending: {', '.join(ENDINGS)}",
    )


ENDINGS: Mapping[str, Callable[[Path], LinesFile]] = dict(
    zip(EXTENSIONS, (JsonLines, _gzip, _zstd, _parquet), strict=True)
)
"""How a data file's name may end, and what then writes it."""


def checked(extension: str) -> str:
    """Check a file name extension, and return it without a leading dot.

    Raises:
        ConfigError: there is no such ending.
    """
    plain = extension.removeprefix(".")
    if plain not in ENDINGS:
        meant = did_you_mean(plain, ENDINGS)
        raise ConfigError(
            "format.extension",
            f"unknown ending '{extension}'",
            f"{meant}one of: {', '.join(ENDINGS)}",
        )
    return plain


def is_plain(path: Path) -> bool:
    """Return whether a data file's bytes are its lines: neither compressed nor Parquet."""
    return not path.name.endswith((".jsonl.gz", ".jsonl.zst", ".parquet"))


def read_lines(path: Path):
    """Yield the lines of a data file as they were written, whatever its extension.

    Raises:
        ExportError: it is compressed in a way that needs a package that is not there.
    """
    if path.name.endswith(".jsonl.gz"):
        import gzip

        with gzip.open(path) as file:
            yield from file
    elif path.name.endswith(".jsonl.zst"):
        try:
            import zstandard
        except ImportError:
            raise _missing("jsonl.zst", "zstandard", "zstd") from None
        import io

        with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as file:
            yield from io.BufferedReader(file)
    elif path.name.endswith(".parquet"):
        try:
            from harness_forge.datasets.formats.parquet import lines
        except ImportError:
            raise _missing("parquet", "pyarrow", "parquet") from None
        yield from lines(path)
    else:
        with path.open("rb") as file:
            yield from file
