"""Whether a zstd file is whole: its frames and blocks are counted through, nothing is unpacked.

zstandard's stream reader takes the end of a file that was cut off for the end of what it
holds. RFC 8878 says how frames lie in a file.
"""

from __future__ import annotations

from typing import BinaryIO

_FRAME, _SKIPPABLE = 0xFD2FB528, 0x184D2A50
_HAS_CHECKSUM, _SINGLE_SEGMENT = 4, 32
_DICTIONARY_ID = (0, 1, 2, 4)
_CONTENT_SIZE = (0, 2, 4, 8)
_REPEATED = 1
"""Type of a block that is one byte, however long what it stands for."""


def demand_whole_frames(file: BinaryIO) -> None:
    """Pass over every frame of a file.

    What is no frame is left to the reader, which refuses it.

    Raises:
        EOFError: the file ends inside a frame.
    """
    file.seek(0, 2)
    size = file.tell()
    file.seek(0)
    while magic := file.read(4):
        number = int.from_bytes(magic, "little")
        if number & 0xFFFFFFF0 == _SKIPPABLE and len(magic) == 4:
            file.seek(_number(file, 4), 1)
        elif number == _FRAME:
            _pass_frame(file)
        else:
            return
        if file.tell() > size:
            raise EOFError("it ends inside a frame")


def _pass_frame(file: BinaryIO) -> None:
    said = _number(file, 1)
    single = bool(said & _SINGLE_SEGMENT)
    length = _CONTENT_SIZE[said >> 6] or int(single)
    file.seek((not single) + _DICTIONARY_ID[said & 3] + length, 1)
    last = 0
    while not last:
        block = _number(file, 3)
        last, kind, size = block & 1, block >> 1 & 3, block >> 3
        file.seek(1 if kind == _REPEATED else size, 1)
    file.seek(4 if said & _HAS_CHECKSUM else 0, 1)


def _number(file: BinaryIO, size: int) -> int:
    raw = file.read(size)
    if len(raw) < size:
        raise EOFError("it ends inside a frame")
    return int.from_bytes(raw, "little")
