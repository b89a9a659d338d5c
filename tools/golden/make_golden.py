"""Makes every golden file. Usage: python tools/golden/make_golden.py [folder]

The folder defaults to src/test/resources/golden; what lies there is described in its README. All arithmetic is float64 from float32 start values on one thread.
"""

import pathlib
import platform
import sys

import numpy as np
import torch

import full_net
import heads
import npy_files
import optimizers
import pickles
import testnet

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "src/test/resources/golden"
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    heads.make(folder)
    optimizers.make(folder)
    testnet.make(folder)
    full_net.make(folder)
    npy_files.make(folder / "npy")
    pickles.make(folder / "pickle")
    versions = f"python {platform.python_version()}\ntorch {torch.__version__}\nnumpy {np.__version__}\n"
    (folder / "VERSIONS.txt").write_text(versions)


if __name__ == "__main__":
    main()
