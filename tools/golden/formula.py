"""Numbers that both sides of a comparison generate by the same integer formula, so that no file carries them.

Element i (0-based, in the flat row-major tensor of PyTorch order) of the tensor named T draws the 64 bits
    z = splitmix64(fnv1a64(utf8(T)) + i)          all arithmetic modulo 2^64
where fnv1a64 is the usual FNV-1a hash and splitmix64(x) is
    x = x + 0x9E3779B97F4A7C15
    x = (x ^ (x >>> 30)) * 0xBF58476D1CE4E5B9
    x = (x ^ (x >>> 27)) * 0x94D049BB133111EB
    x ^ (x >>> 31)
A uniform number in [0, 1) is u = (z >>> 11) * 2^-53; a weight is (float) ((2u - 1) * a), computed in double.
"""

import math

import numpy as np

MASK = (1 << 64) - 1
SAMPLES = 64
RESIDUAL_SIGMA = 0.01
CAFFE_BIAS_RANGE = 0.01


def fnv1a64(text):
    value = 0xCBF29CE484222325
    for byte in text.encode("utf-8"):
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def bits(name, count):
    """The `count` 64-bit numbers of the tensor named `name`, as uint64."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint64) + np.uint64(fnv1a64(name))
        x = x + np.uint64(0x9E3779B97F4A7C15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def uniform(name, shape, a):
    """float32 array of `shape`, uniform in [-a, a)."""
    u = (bits(name, math.prod(shape)) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return ((2.0 * u - 1.0) * a).astype(np.float32).reshape(shape)


def image_bytes(name, shape):
    """uint8 array of `shape`: the low byte of each number."""
    return (bits(name, math.prod(shape)) & np.uint64(255)).astype(np.uint8).reshape(shape)


def sample_indices(name, count):
    """Flat indices (int32) at which a tensor of `count` elements is sampled: all where count <= 64, else 64 drawn
    ones, index k = (z >>> 1) mod count with the bits z of the tensor "sample:" + name (repeats may occur)."""
    if count <= SAMPLES:
        return np.arange(count, dtype=np.int32)
    return ((bits("sample:" + name, SAMPLES) >> np.uint64(1)) % np.uint64(count)).astype(np.int32)


def parameter(name, shape):
    """The start value (float32) of the parameter `name` of the full-size network.

    Stage convolutions, FC and class matrix: a = sqrt(6 / (fan_in + fan_out)), fan_in = shape[1] * receptive field,
    fan_out = shape[0] * receptive field. Residual convolutions: a = 0.01 sqrt(3), i.e. sigma 0.01. Batch-norm weight 1
    and bias 0. PReLU 0.25. Convolution and FC biases (caffe): a = 0.01.
    """
    if ".prelu" in name:
        return np.full(shape, 0.25, np.float32)
    if ".bn" in name or name.startswith("fc_bn"):
        return np.full(shape, 1.0 if name.endswith("weight") else 0.0, np.float32)
    if name.endswith("bias"):
        return uniform(name, shape, CAFFE_BIAS_RANGE)
    if ".block" in name:
        return uniform(name, shape, RESIDUAL_SIGMA * math.sqrt(3.0))
    field = math.prod(shape[2:])
    return uniform(name, shape, math.sqrt(6.0 / ((shape[0] + shape[1]) * field)))
