"""Makes src/test/resources/golden/foreign.safetensors with the reference package (safetensors 0.8.0, numpy 2.4.6).

The package sorts the tensors by element size, so the order in the file is not the order below, and it writes no
checksum: this is what a file of another maker looks like. Values are small formulas that the test repeats.
Run from the project's root: python tools/golden/safetensors_foreign.py
"""
import numpy as np
from safetensors.numpy import save_file

save_file(
    {
        "conv.weight": (np.arange(2 * 3 * 2 * 2, dtype=np.float32) / 8 - 1).reshape(2, 3, 2, 2),
        "half": np.array([0.5, -2.0, 65504.0, 2.0**-24], dtype=np.float16),
        "steps": np.array([-1, 2**40], dtype=np.int64),
        "labels": np.array([[7, -8, 9]], dtype=np.int32),
        "image": np.array([0, 127, 255], dtype=np.uint8),
        "scalar": np.array(3.25, dtype=np.float32),
        "empty": np.zeros((0, 4), dtype=np.float32),
    },
    "src/test/resources/golden/foreign.safetensors",
    metadata={"maker": "Zoë \U0001d11e", "network": "none"},
)
