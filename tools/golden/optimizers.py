"""Golden file of the optimizers, written as formulas and checked against torch.optim where it has them."""

import numpy as np
import torch

from safetensors_file import write

COUNT, STEPS = 64, 10
START_VALUE = 20180412
MOMENTUM, SGD_DECAY = 0.9, 5e-4
BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8
FACENET_EPSILON = 0.1
ADAM_DECAY, ADAMW_DECAY = 5e-4, 0.01
ADAGRAD_EPSILON, ADAGRAD_START = 1e-10, 0.1
RMSPROP_ALPHA, RMSPROP_EPSILON = 0.99, 1e-8
CLIP_NORM = 5.0
SGD_RATES = np.array([0.1] * 5 + [0.01] * 5, np.float32)
ADAM_RATES = np.array([0.01] * 5 + [0.001] * 5, np.float32)
EMA_DECAYS = (0.9999, 0.3)


def sgd(w, gradients, convention):
    """torch: v = mu v + g, w -= lr v. nesterov: the same v, w -= lr (g + mu v). caffe: v = mu v + lr g, w -= v.
    g contains the coupled L2 term (+ wd w)."""
    v, path = np.zeros_like(w), []
    for lr, gradient in zip(SGD_RATES.astype(np.float64), gradients):
        g = gradient + SGD_DECAY * w
        if convention == "caffe":
            v = MOMENTUM * v + lr * g
            w = w - v
        else:
            v = MOMENTUM * v + g
            w = w - lr * (g + MOMENTUM * v if convention == "nesterov" else v)
        path.append(w)
    return np.array(path)


def adam(w, gradients, epsilon=EPSILON):
    """TensorFlow's epsilon-hat form with coupled L2:
    w -= lr sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps), t from 1."""
    m, v, path = np.zeros_like(w), np.zeros_like(w), []
    for t, (lr, gradient) in enumerate(zip(ADAM_RATES.astype(np.float64), gradients), start=1):
        g = gradient + ADAM_DECAY * w
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g * g
        w = w - lr * np.sqrt(1 - BETA2**t) / (1 - BETA1**t) * m / (np.sqrt(v) + epsilon)
        path.append(w)
    return np.array(path)


def adamw(w, gradients):
    """Decoupled: w *= 1 - lr wd, then w -= lr (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + eps)."""
    m, v, path = np.zeros_like(w), np.zeros_like(w), []
    for t, (lr, g) in enumerate(zip(ADAM_RATES.astype(np.float64), gradients), start=1):
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g * g
        w = w * (1 - lr * ADAMW_DECAY)
        w = w - lr * (m / (1 - BETA1**t)) / (np.sqrt(v / (1 - BETA2**t)) + EPSILON)
        path.append(w)
    return np.array(path)


def adagrad(w, gradients, start):
    """s = s + g^2, w -= lr g / (sqrt(s) + eps); s begins at `start`; coupled L2. The rates are Adam's."""
    s, path = np.full_like(w, start), []
    for lr, gradient in zip(ADAM_RATES.astype(np.float64), gradients):
        g = gradient + ADAM_DECAY * w
        s = s + g * g
        w = w - lr * g / (np.sqrt(s) + ADAGRAD_EPSILON)
        path.append(w)
    return np.array(path)


def rmsprop(w, gradients, form, alpha, momentum, epsilon):
    """torch: v = mu v + g / (sqrt(s) + eps), w -= lr v, s begins at 0. tensorflow: v = mu v + lr g / sqrt(s + eps),
    w -= v, s begins at 1. s = alpha s + (1 - alpha) g^2, coupled L2. The rates are Adam's."""
    s, v, path = np.full_like(w, 0.0 if form == "torch" else 1.0), np.zeros_like(w), []
    for lr, gradient in zip(ADAM_RATES.astype(np.float64), gradients):
        g = gradient + ADAM_DECAY * w
        s = alpha * s + (1 - alpha) * g * g
        if form == "torch":
            v = momentum * v + g / (np.sqrt(s) + epsilon)
            w = w - lr * v
        else:
            v = momentum * v + lr * g / np.sqrt(s + epsilon)
            w = w - v
        path.append(w)
    return np.array(path)


def ema(start, path, decay):
    """Shadow of `path`, starting at `start`: s = d s + (1 - d) w, d = min(decay, (1 + step) / (10 + step)), step from 0
    at the first update."""
    shadow, shadows = start, []
    for step, w in enumerate(path):
        d = min(decay, (1 + step) / (10 + step))
        shadow = d * shadow + (1 - d) * w
        shadows.append(shadow)
    return np.array(shadows)


def check_against_torch(w, gradients, expected, rates, make_optimizer):
    parameter = torch.nn.Parameter(torch.from_numpy(w.copy()))
    optimizer = make_optimizer([parameter])
    for lr, gradient, after in zip(rates.astype(np.float64), gradients, expected):
        optimizer.param_groups[0]["lr"] = float(lr)
        parameter.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
        if not np.abs(parameter.detach().numpy() - after).max() <= 1e-12:
            raise AssertionError(f"{optimizer.__class__.__name__} differs from its formula")


def make(folder):
    random = np.random.Generator(np.random.PCG64(START_VALUE))
    w = random.standard_normal(COUNT).astype(np.float32)
    norms = np.array([2.0, 3.5, 20.0, 7.0, 4.9, 5.1, 1.0, 50.0, 6.0, 0.5])
    gradients = random.standard_normal((STEPS, COUNT))
    gradients = (gradients * (norms / np.linalg.norm(gradients, axis=1))[:, None]).astype(np.float32)
    w64, g64 = w.astype(np.float64), gradients.astype(np.float64)

    paths = {
        "sgd": sgd(w64, g64, "torch"),
        "nesterov": sgd(w64, g64, "nesterov"),
        "caffe": sgd(w64, g64, "caffe"),
        "adam": adam(w64, g64),
        "adamw": adamw(w64, g64),
        "adam_facenet": adam(w64, g64, FACENET_EPSILON),
        "adagrad": adagrad(w64, g64, 0.0),
        "adagrad_started": adagrad(w64, g64, ADAGRAD_START),
        "rmsprop": rmsprop(w64, g64, "torch", RMSPROP_ALPHA, 0.0, RMSPROP_EPSILON),
        "rmsprop_momentum": rmsprop(w64, g64, "torch", 0.9, MOMENTUM, RMSPROP_EPSILON),
        "rmsprop_facenet": rmsprop(w64, g64, "tensorflow", 0.9, MOMENTUM, 1.0),
    }
    options = {"lr": 0.0, "momentum": MOMENTUM, "weight_decay": SGD_DECAY}
    check_against_torch(w64, g64, paths["sgd"], SGD_RATES, lambda p: torch.optim.SGD(p, **options))
    check_against_torch(w64, g64, paths["nesterov"], SGD_RATES, lambda p: torch.optim.SGD(p, nesterov=True, **options))
    options = {"lr": 0.0, "betas": (BETA1, BETA2), "eps": EPSILON, "weight_decay": ADAMW_DECAY}
    check_against_torch(w64, g64, paths["adamw"], ADAM_RATES, lambda p: torch.optim.AdamW(p, **options))
    options = {"lr": 0.0, "eps": ADAGRAD_EPSILON, "weight_decay": ADAM_DECAY}
    check_against_torch(w64, g64, paths["adagrad"], ADAM_RATES, lambda p: torch.optim.Adagrad(p, **options))
    started = options | {"initial_accumulator_value": ADAGRAD_START}
    check_against_torch(w64, g64, paths["adagrad_started"], ADAM_RATES, lambda p: torch.optim.Adagrad(p, **started))
    options = {"lr": 0.0, "eps": RMSPROP_EPSILON, "weight_decay": ADAM_DECAY}
    plain = options | {"alpha": RMSPROP_ALPHA}
    check_against_torch(w64, g64, paths["rmsprop"], ADAM_RATES, lambda p: torch.optim.RMSprop(p, **plain))
    momentum = options | {"alpha": 0.9, "momentum": MOMENTUM}
    check_against_torch(w64, g64, paths["rmsprop_momentum"], ADAM_RATES, lambda p: torch.optim.RMSprop(p, **momentum))

    exact_norms = np.linalg.norm(g64, axis=1)
    clipped = g64 * np.minimum(1.0, CLIP_NORM / exact_norms)[:, None]
    tensors = {"start": w, "gradients": gradients, "sgd.learning_rates": SGD_RATES, "adam.learning_rates": ADAM_RATES}
    tensors |= {name: path.astype(np.float32) for name, path in paths.items()}
    tensors |= {"clip.norms": exact_norms, "clip.gradients": clipped.astype(np.float32)}
    tensors |= {"sgd_clipped": sgd(w64, clipped, "torch").astype(np.float32)}
    tensors |= {f"ema.{d}": ema(w64, paths["sgd"], d).astype(np.float32) for d in EMA_DECAYS}
    metadata = {
        "about": "parameters (step, 64) after each of ten updates from start (64) with gradients (step, 64)",
        "momentum": str(MOMENTUM),
        "sgd.weight_decay": f"{SGD_DECAY} coupled; sgd, nesterov, caffe, sgd_clipped",
        "adam": f"beta1 {BETA1} beta2 {BETA2} epsilon {EPSILON}, weight decay {ADAM_DECAY} coupled, epsilon-hat form",
        "adamw": f"beta1 {BETA1} beta2 {BETA2} epsilon {EPSILON}, weight decay {ADAMW_DECAY} decoupled",
        "adam_facenet": f"as adam with epsilon {FACENET_EPSILON}",
        "adagrad": f"epsilon {ADAGRAD_EPSILON}, weight decay {ADAM_DECAY} coupled; adagrad_started: the sum of squares begins at {ADAGRAD_START}",
        "rmsprop": f"alpha {RMSPROP_ALPHA} epsilon {RMSPROP_EPSILON}, torch's form; rmsprop_momentum: alpha 0.9 and momentum {MOMENTUM}; "
        f"rmsprop_facenet: alpha 0.9 momentum {MOMENTUM} epsilon 1.0, TensorFlow's form; weight decay {ADAM_DECAY} coupled",
        "clip": f"factor min(1, {CLIP_NORM} / norm) on the gradient before the weight decay is added",
        "ema": "shadow of the sgd path from start; decay min(d, (1 + step) / (10 + step)), step 0 at the first update",
        "calculated_in": "float64",
    }
    write(folder / "optimizers.safetensors", tensors, metadata)
    print(f"optimizers: {len(paths)} paths; clip norms {exact_norms.round(2).tolist()}")
