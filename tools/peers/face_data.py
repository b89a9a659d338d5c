"""Aligned faces in folders of people, the LFW View 1 pairs, and lists of drawn pairs."""

import math

import numpy as np
from PIL import Image

ROWS, COLUMNS = 112, 96


def read_face(path, shrink):
    """JPEG of 112x96, or of 112x112 whose columns 8 to 103 are the same crop -> (H, W, 3) RGB u8.

    With `shrink` 2 the crop is halved: each pixel is (sum of its 2x2 pixels + 2) / 4 in integers.
    """
    pixels = np.asarray(Image.open(path).convert("RGB"))
    if pixels.shape == (ROWS, ROWS, 3):
        pixels = pixels[:, 8 : 8 + COLUMNS]
    if pixels.shape != (ROWS, COLUMNS, 3):
        raise ValueError(f"{path} is {pixels.shape[0]}x{pixels.shape[1]}; expected an aligned 112x96 or 112x112 face")
    if shrink == 1:
        return pixels
    cells = pixels.reshape(ROWS // shrink, shrink, COLUMNS // shrink, shrink, 3).astype(np.uint32)
    return ((cells.sum(axis=(1, 3)) + shrink * shrink // 2) // (shrink * shrink)).astype(np.uint8)


def read_faces(paths, shrink):
    return np.stack([read_face(path, shrink) for path in paths])


def people_listed(file):
    """Names of a peopleDevTrain.txt or peopleDevTest.txt: a count, then lines of name, tab, number of images."""
    lines = file.read_text().splitlines()
    names = [line.split("\t")[0] for line in lines[1:] if line]
    if len(names) != int(lines[0]):
        raise ValueError(f"{file} announces {lines[0]} people and lists {len(names)}")
    return names


def pairs_listed(file, folder):
    """Pairs of a View 1 file (n, then n same, then n different): list of (path, path, same, fold), fold 0 to 9 by
    position within each half, and the names of the people in them."""
    lines = [line.split("\t") for line in file.read_text().splitlines() if line]
    n = int(lines[0][0])
    if len(lines) != 1 + 2 * n:
        raise ValueError(f"{file} announces {n} same and {n} different pairs and has {len(lines) - 1} lines")
    pairs, names = [], set()
    for i, fields in enumerate(lines[1:]):
        first, second = (fields[:2], [fields[0], fields[2]]) if len(fields) == 3 else (fields[:2], fields[2:])
        paths = [folder / name / f"{name}_{int(number):04d}.jpg" for name, number in (first, second)]
        pairs.append((*paths, i < n, i % n * 10 // n))
        names |= {first[0], second[0]}
    return pairs, names


def drawn_pairs(file, people):
    """Pairs of a list that `angulus eval --out` wrote (folds and n, then for each fold n same and n different), where the
    number n of a person is the n-th of `people` (name -> paths in order): list of (path, path, same, fold)."""
    lines = [line.split("\t") for line in file.read_text().splitlines() if line]
    folds, n = map(int, lines[0])
    if len(lines) != 1 + 2 * n * folds:
        raise ValueError(f"{file} announces {folds} folds of {2 * n} pairs and has {len(lines) - 1} lines")
    pairs = []
    for i, fields in enumerate(lines[1:]):
        first, second = (fields[:2], [fields[0], fields[2]]) if len(fields) == 3 else (fields[:2], fields[2:])
        pairs.append((*(people[name][int(number) - 1] for name, number in (first, second)), len(fields) == 3, i // (2 * n)))
    return pairs


class EpochStream:
    """Batches of indices: shuffled epochs one after another, the remainder of each carried into the next batch."""

    def __init__(self, count, batch, random):
        self.count, self.batch, self.random, self.rest = count, batch, random, np.empty(0, np.int64)

    def next(self):
        while len(self.rest) < self.batch:
            self.rest = np.concatenate([self.rest, self.random.permutation(self.count)])
        taken, self.rest = self.rest[: self.batch], self.rest[self.batch :]
        return taken


def augment(images, random, shift):
    """Horizontal flip with probability 1/2; with `shift` > 0 a move by -shift..shift rows and columns, edges repeated."""
    result = np.empty_like(images)
    height, width = images.shape[1:3]
    for i, image in enumerate(images):
        if shift:
            rows = np.clip(np.arange(height) + random.integers(-shift, shift + 1), 0, height - 1)
            columns = np.clip(np.arange(width) + random.integers(-shift, shift + 1), 0, width - 1)
            image = image[rows][:, columns]
        result[i] = image[:, ::-1] if random.random() < 0.5 else image
    return result


def learning_rate(step, steps, peak, warm_up, schedule):
    """Cosine to 0 at `steps`, or a tenth from 60 % and a hundredth from 85 %; times a linear rise over `warm_up` steps."""
    rise = min(1.0, (step + 1) / warm_up) if warm_up else 1.0
    if schedule == "cosine":
        return peak * rise * 0.5 * (1 + math.cos(math.pi * step / steps))
    return peak * rise * (1.0 if step < 0.6 * steps else 0.1 if step < 0.85 * steps else 0.01)
