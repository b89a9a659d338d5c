"""Writes safetensors files: u64 header length, JSON header, raw little-endian data.

The format is small enough that the golden scripts need no library for it. Tensors lie in the order given,
each dense and row-major; the header is padded with spaces to a multiple of 8 bytes.
"""

import json

import numpy as np

TYPE_NAMES = {"float32": "F32", "float64": "F64", "int32": "I32", "uint8": "U8"}


def write(path, tensors, metadata):
    """Writes `tensors` (name -> numpy array of a type in TYPE_NAMES) and `metadata` (str -> str)."""
    header, offset, chunks = {"__metadata__": metadata}, 0, []
    for name, array in tensors.items():
        data = np.asarray(array, order="C")
        header[name] = {
            "dtype": TYPE_NAMES[data.dtype.name],
            "shape": list(data.shape),
            "data_offsets": [offset, offset + data.nbytes],
        }
        offset += data.nbytes
        chunks.append(data.astype(data.dtype.newbyteorder("<"), copy=False).tobytes())
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(chunks))
