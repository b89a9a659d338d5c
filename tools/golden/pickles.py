"""Small pickles of pictures and booleans, as InsightFace's verification sets are, in every protocol; and ones that must be refused."""

import os
import pickle
from pathlib import Path

import numpy as np

# Every byte value, and the characters that text protocols escape; not pictures, the reader does not look.
IMAGES = [bytes(range(256)), b"", b"\\'\"\n\r\t\\u0041\\x41", b"\xff\xd8\xff" * 100]
SAME = [True, False]


def python2(protocol: int) -> bytes:
    """What Python 2 writes for (list of str, list of bool), put together by hand."""
    if protocol == 0:
        strings = b"".join(b"S" + repr(image)[1:].encode("ascii") + b"\np%d\na" % (2 + i) for i, image in enumerate(IMAGES))
        flags = b"".join(b"I01\na" if same else b"I00\na" for same in SAME)
        return b"((lp1\n" + strings + b"(lp9\n" + flags + b"tp0\n."
    strings = b"".join(
        (b"U" + bytes([len(i)]) if len(i) < 256 else b"T" + len(i).to_bytes(4, "little")) + i + b"q" + bytes([2 + n])
        for n, i in enumerate(IMAGES)
    )
    flags = b"".join(b"\x88" if same else b"\x89" for same in SAME)
    return b"\x80\x02]q\x01(" + strings + b"e]q\x09(" + flags + b"e\x86q\x00."


class Call:
    def __reduce__(self):
        return os.getcwd, ()


def make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for protocol in range(6):
        (folder / f"python3-{protocol}.bin").write_bytes(pickle.dumps((IMAGES, SAME), protocol))
    for protocol in (0, 2):
        (folder / f"python2-{protocol}.bin").write_bytes(python2(protocol))
    for protocol in (2, 4):
        (folder / f"numpy-{protocol}.bin").write_bytes(pickle.dumps((IMAGES, [np.bool_(same) for same in SAME]), protocol))
    (folder / "numbers.bin").write_bytes(pickle.dumps([IMAGES, [1, 0]], 2))
    for protocol in (0, 4):
        (folder / f"call-{protocol}.bin").write_bytes(pickle.dumps((IMAGES, [Call()]), protocol))
    (folder / "dictionary.bin").write_bytes(pickle.dumps({"images": IMAGES}, 2))
    (folder / "float.bin").write_bytes(pickle.dumps((IMAGES, [0.5, 1.0]), 2))
    (folder / "three.bin").write_bytes(pickle.dumps((IMAGES[:3], SAME), 2))
