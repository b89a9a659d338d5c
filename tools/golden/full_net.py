"""Golden files of the full ResFace20: norms and sampled entries of every gradient, from weights made by formula."""

import numpy as np
import torch

import formula
import resface
from safetensors_file import write

BLOCKS, WIDTHS, CROP, EMBEDDING = resface.BLOCKS[20], (64, 128, 256, 512), (112, 96), 512
CLASSES, BATCH, SCALE, MARGIN = 20, 4, 30.0, 0.35
LABELS = np.array([3, 17, 0, 9], np.int32)


def build(variant, dtype):
    head = resface.Head("am-softmax", CLASSES, EMBEDDING, SCALE, MARGIN)
    model = resface.Recogniser(head, BLOCKS, WIDTHS, CROP, EMBEDDING, variant).to(dtype)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(formula.parameter(name, tuple(parameter.shape))))
    return model.train()


def run(variant, dtype):
    """One forward and backward in training mode: name -> float64 array."""
    model = build(variant, dtype)
    result = {f"init.{name}": p.detach().clone() for name, p in model.named_parameters()}
    images = formula.image_bytes("images", (BATCH, *CROP, 3))
    x = (torch.from_numpy(images).permute(0, 3, 1, 2).to(dtype) - 127.5) / 128.0
    embedding, loss = model(x, torch.from_numpy(LABELS).long())
    loss.backward()
    result.update({"embedding": embedding.detach(), "loss": loss.detach().reshape(1)})
    result.update({f"grad.{name}": p.grad for name, p in model.named_parameters()})
    result.update({f"running.{name}": b for name, b in model.named_buffers() if b.dim() > 0})
    return {name: value.double().numpy() for name, value in result.items()}


def make(folder):
    for variant in resface.VARIANTS:
        double, single = run(variant, torch.float64), run(variant, torch.float32)
        tensors = {"labels": LABELS, "loss": double["loss"], "embedding": double["embedding"].astype(np.float32)}
        errors = {}
        for name, value in double.items():
            group = name.split(".")[0]
            norm = np.linalg.norm(value)
            error = np.linalg.norm(single[name] - value) / max(norm, 1e-30)
            errors[group] = max(errors.get(group, 0.0), float(error))
            if name == "loss":
                continue
            flat = value.reshape(-1)
            indices = formula.sample_indices(name, flat.size)
            tensors[f"norm.{name}"] = np.array([norm])
            tensors[f"indices.{name}"] = indices
            tensors[f"values.{name}"] = flat[indices].astype(np.float32)
        metadata = {
            "about": "ResFace20 at 112x96, one training step: L2 norm and sampled entries of each tensor",
            "variant": variant,
            "head": "am-softmax",
            "scale": str(SCALE),
            "margin": str(MARGIN),
            "calculated_in": "float64",
            **{f"float32_error.{group}": f"{error:.2e}" for group, error in errors.items()},
        }
        write(folder / f"resface20-{variant}.safetensors", tensors, metadata)
        print(f"resface20-{variant}: loss {double['loss'][0]:.6f} float32 error {errors}")
