"""Which documents are worth a regular expression: one byte scan decides."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from curation.kernels import allocating, buffers

AT_SIGN, DOTTED_QUAD = 1, 2


@allocating
def _flags(data, offsets, out):
    for d in range(offsets.shape[0] - 1):
        flags = 0
        dots = 0
        digits = 0
        for at in range(offsets[d], offsets[d + 1]):
            byte = data[at]
            if np.uint8(byte - np.uint8(48)) < np.uint8(10):
                digits += 1
                if dots >= 3:
                    flags |= 2
            else:
                dots = dots + 1 if byte == 46 and digits else 0
                digits = 0
                if byte == 64:
                    flags |= 1
        out[d] = flags


def flags(texts: pa.Array) -> NDArray[np.uint8]:
    """Bits AT_SIGN (has '@') and DOTTED_QUAD (has digits.digits.digits.digit) of each document."""
    data, offsets = buffers(texts)
    out = np.zeros(len(texts), np.uint8)
    _flags(data, offsets, out)
    return out
