"""Golden files of the small test network: every gradient of one step, and ten steps of SGD.

A PReLU has a kink at zero: where float32 rounding carries an input across it, gradients jump and two correct programs
part. The ten batches are therefore drawn so that in all eight runs no PReLU input comes nearer to zero than KINK_MARGIN
times the root mean square of its tensor; float32 then follows float64 to 2e-5 in every tensor.
"""

import numpy as np
import torch
from torch import nn

import resface
from safetensors_file import write

BLOCKS, WIDTHS, CROP, EMBEDDING = resface.BLOCKS[10], (8, 16, 16, 32), (32, 24), 16
CLASSES, BATCH, STEPS = 10, 8, 10
MOMENTUM, WEIGHT_DECAY, MARGIN = 0.9, 5e-4, 0.35
SCALES = {"softmax": 1.0, "modified-softmax": 1.0, "normface": 16.0, "am-softmax": 30.0}
LEARNING_RATES = {"softmax": 0.05, "modified-softmax": 0.05, "normface": 0.005, "am-softmax": 0.001}
START_VALUE = 20180411
KINK_MARGIN = 2e-5


class Run:
    """One network under training: torch's SGD convention with L2 added to the gradient of the decayed parameters.

    Running statistics start at mean 0, variance 1, velocities at 0.
    """

    def __init__(self, variant, kind, dtype, initial):
        head = resface.Head(kind, CLASSES, EMBEDDING, SCALES[kind], MARGIN)
        self.model = resface.Recogniser(head, BLOCKS, WIDTHS, CROP, EMBEDDING, variant).to(dtype).train()
        self.dtype, self.rate, self.losses, self.result = dtype, LEARNING_RATES[kind], [], {}
        self.nearest = float("inf")
        with torch.no_grad():
            for name, parameter in self.model.named_parameters():
                parameter.copy_(torch.from_numpy(initial[name]))
        self.velocity = {name: torch.zeros_like(p) for name, p in self.model.named_parameters()}
        for module in self.model.modules():
            if isinstance(module, nn.PReLU):
                module.register_forward_pre_hook(self.measure)

    def measure(self, _, inputs):
        x = inputs[0].detach()
        self.nearest = min(self.nearest, (x.abs().min() / x.square().mean().sqrt()).item())

    def input_of(self, images):
        return (torch.from_numpy(images).permute(0, 3, 1, 2).to(self.dtype) - 127.5) / 128.0

    def distance_to_kink(self, images):
        """Smallest |PReLU input| over the root mean square of its tensor, in a forward pass that leaves no trace."""
        statistics = {name: b.clone() for name, b in self.model.named_buffers()}
        self.nearest = float("inf")
        with torch.no_grad():
            self.model.embed(self.input_of(images))
            for name, buffer in self.model.named_buffers():
                buffer.copy_(statistics[name])
        return self.nearest

    def step(self, images, labels):
        self.model.zero_grad()
        embedding, loss = self.model(self.input_of(images), torch.from_numpy(labels).long())
        loss.backward()
        if not self.losses:
            self.result["embedding"] = embedding.detach()
            self.result.update({f"grad.{name}": p.grad.clone() for name, p in self.model.named_parameters()})
        self.losses.append(loss.item())
        with torch.no_grad():
            for name, p in self.model.named_parameters():
                # weight decay acts on the convolution weights, fc.weight and head.weight, on nothing else
                gradient = p.grad + WEIGHT_DECAY * p if p.dim() >= 2 else p.grad
                self.velocity[name].mul_(MOMENTUM).add_(gradient)
                p.sub_(self.rate * self.velocity[name])

    def finish(self, images):
        """All results as name -> float64 array; `images` are embedded with the final running statistics."""
        model, result = self.model.eval(), self.result
        result.update({f"final.{name}": p.detach() for name, p in model.named_parameters()})
        result.update({f"final.{name}": b for name, b in model.named_buffers() if b.dim() > 0})
        with torch.no_grad():
            result["eval_embedding"] = model.embed(self.input_of(images))
        return {"losses": np.array(self.losses)} | {name: value.double().numpy() for name, value in result.items()}


def draw_initial(variant, random):
    """name -> float32 array. Nothing stands at a neutral value: slopes (a tenth of them negative), gammas, betas and
    biases are drawn too, so that a forgotten term shows. head.bias is drawn too; the softmax head alone uses it."""
    head = resface.Head("softmax", CLASSES, EMBEDDING, 1.0, 0.0)
    model = resface.Recogniser(head, BLOCKS, WIDTHS, CROP, EMBEDDING, variant)
    initial = {}
    for name, parameter in model.named_parameters():
        shape = tuple(parameter.shape)
        if ".prelu" in name:
            value = random.uniform(0.1, 0.4, shape) * np.where(random.random(shape) < 0.1, -1, 1)
        elif ".bn" in name or name.startswith("fc_bn"):
            value = random.uniform(0.7, 1.3, shape) if name.endswith("weight") else random.uniform(-0.2, 0.2, shape)
        elif name.endswith("bias"):
            value = random.uniform(-0.1, 0.1, shape)
        else:
            value = random.standard_normal(shape) * np.sqrt(1.0 / np.prod(shape[1:]))
            if ".block" in name:
                value = value * 0.5
        initial[name] = value.astype(np.float32)
    return initial


def draw_batch(runs, random):
    while True:
        images = random.integers(0, 256, (BATCH, *CROP, 3), np.uint8)
        if all(run.distance_to_kink(images) > KINK_MARGIN for run in runs):
            return images, random.integers(0, CLASSES, BATCH, np.int32)


def float32_errors(single, double):
    """What plain float32 arithmetic loses against float64, as ||a - b|| / ||b||: a guide for tolerances."""
    groups = {}
    for name, expected in double.items():
        error = np.linalg.norm(single[name] - expected) / max(np.linalg.norm(expected), 1e-30)
        groups.setdefault(name.split(".")[0], []).append(error)
    return {f"float32_error.{group}": f"{max(errors):.2e}" for group, errors in groups.items()}


def make(folder):
    random = np.random.Generator(np.random.PCG64(START_VALUE))
    cases = [(variant, kind) for variant in resface.VARIANTS for kind in resface.HEADS]
    initial = {variant: draw_initial(variant, random) for variant in resface.VARIANTS}
    doubles = [Run(variant, kind, torch.float64, initial[variant]) for variant, kind in cases]
    singles = [Run(variant, kind, torch.float32, initial[variant]) for variant, kind in cases]
    batches = []
    for _ in range(STEPS):
        batches.append(draw_batch(doubles, random))
        for run in doubles + singles:
            run.step(*batches[-1])

    for variant in resface.VARIANTS:
        write(
            folder / f"testnet-{variant}.safetensors",
            {f"init.{name}": value for name, value in initial[variant].items()},
            {"about": f"start values of the test network, variant {variant}; head.bias for the softmax head only"},
        )
    write(
        folder / "testnet-data.safetensors",
        {"images": np.stack([b[0] for b in batches]), "labels": np.stack([b[1] for b in batches])},
        {"about": "ten batches: images (step, N, H, W, RGB) u8, labels (step, N)", "input": "(pixel - 127.5) / 128"},
    )
    for (variant, kind), double, single in zip(cases, doubles, singles):
        result = double.finish(batches[0][0])
        errors = float32_errors(single.finish(batches[0][0]), result)
        print(f"testnet-{variant}-{kind}: losses {result['losses'].round(4).tolist()} {errors}")
        metadata = {
            "about": "step 0: embedding, grad.*; after ten SGD steps: losses, final.*, eval_embedding of batch 0",
            "variant": variant,
            "head": kind,
            "scale": str(SCALES[kind]),
            "margin": str(MARGIN if kind == "am-softmax" else 0.0),
            "learning_rate": str(LEARNING_RATES[kind]),
            "momentum": str(MOMENTUM),
            "weight_decay": str(WEIGHT_DECAY),
            "calculated_in": "float64",
            **errors,
        }
        stored = {n: v if n == "losses" else v.astype(np.float32) for n, v in result.items()}
        write(folder / f"testnet-{variant}-{kind}.safetensors", stored, metadata)
