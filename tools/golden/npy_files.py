"""Small NumPy files that the reader must read, or refuse, as NumPy wrote them."""

import io
from pathlib import Path

import numpy as np
from numpy.lib import format as npy_format


def make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    table = np.arange(6, dtype=np.float32).reshape(2, 3) / 4
    arrays = {
        "u8": np.array([[0, 127], [128, 255]], np.uint8),
        "i32": np.array([0, -1, 2**31 - 1], np.int32),
        "i64": np.array([0, -1, 2**40], np.int64),
        "f32": table,
        "f64": table.astype(np.float64),
        "empty": np.zeros((0, 3), np.float32),
        "fortran": np.asfortranarray(table),
        "big-endian": table.astype(">f4"),
        "f16": table.astype(np.float16),
        "scalar": np.float32(1),
        "records": np.zeros(2, [("a", "<f4"), ("b", "<i4")]),
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    for version in [(2, 0), (3, 0)]:
        out = io.BytesIO()
        npy_format.write_array(out, table, version)
        (folder / f"f32-v{version[0]}.npy").write_bytes(out.getvalue())
