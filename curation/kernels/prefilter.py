"""Which documents are worth a regular expression: one byte scan decides."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.kernels import buffers, inlined, kernel

AT_SIGN, DOTTED_QUAD = 1, 2


@inlined
def _host(byte):
    return (48 <= byte <= 57) or (65 <= byte <= 90) or (97 <= byte <= 122) or byte == 45


@kernel
def _address(data, at, start, end):
    """Whether the '@' at `at` stands between a name and a host with a dot and something after it."""
    if at == start or not (_host(data[at - 1]) or data[at - 1] in (46, 95, 37, 43)):
        return False
    scan = at + 1
    while scan < end and _host(data[scan]):
        scan += 1
    return scan > at + 1 and scan + 1 < end and data[scan] == 46 and _host(data[scan + 1])


@kernel
def _flags(data, offsets, out):
    for d in range(offsets.shape[0] - 1):
        flags = 0
        start, end = offsets[d], offsets[d + 1]
        dots, digits, value, first, second = 0, 0, 0, 0, 0
        for at in range(start, end):
            byte = data[at]
            if np.uint8(byte - np.uint8(48)) < np.uint8(10):
                digits += 1
                value = 10 * value + int(byte) - 48 if digits < 4 else 999
                if dots >= 3:  # four numbers: but none of a private network or of this machine
                    inside = first == 10 or first == 127 or first == 0 or (first == 192 and second == 168)
                    flags |= 0 if inside else 2
                continue
            if byte == 46 and digits and value < 256:
                if dots == 0:
                    first = value
                elif dots == 1:
                    second = value
                elif dots > 2:  # five numbers and more: left to the expression
                    first, second = 256, 256
                dots += 1
            else:
                dots = 0
                if byte == 64 and not flags & 1 and _address(data, at, start, end):
                    flags |= 1
            digits, value = 0, 0
        out[d] = flags


def flags(texts: pa.Array) -> NDArray[np.uint8]:
    """Bits AT_SIGN (may have an e-mail address) and DOTTED_QUAD (may have a public IPv4 address) of each document."""
    data, offsets = buffers(texts)
    out = np.zeros(len(texts), np.uint8)
    _flags(data, offsets, out)
    return out
