"""Golden file of the margin heads: each as its paper, or the code that published its figures, writes it, with PyTorch's gradients in float64. Where that
code holds a factor without gradient (torch.no_grad, detach), so does this one.

A head is a function of raw embeddings x (N, D), class vectors w (C, K, D) and labels; what it keeps from step to step goes in and comes out. The names of its
constants are those of the field "head" of a configuration. The arc cosine is taken, where the kernels avoid it.
"""

import json
import math

import torch
import torch.nn.functional as F

N, D, C = 6, 5, 7
LABELS = [3, 0, 6, 3, 2, 5]


def numbers(seed, *shape):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).float().double()


def cosines(x, w):
    return (F.normalize(x, dim=1) @ F.normalize(w[:, 0], dim=1).T).clamp(-1, 1)


def picked(logits, y, target):
    return torch.where(F.one_hot(y, C).bool(), target[:, None], logits)


def own(values, y):
    return values.gather(1, y[:, None])[:, 0]


def psi(theta, m):
    k = torch.floor(m * theta / math.pi).detach()
    return (1 - 2 * torch.remainder(k, 2)) * torch.cos(m * theta) - 2 * k


def straight_through(value, c):
    """The value, with the gradient of c: what adding a detached margin does."""
    return c + (value - c).detach()


def softmax_loss(logits, y):
    return F.cross_entropy(logits, y)


def l_softmax(x, w, y, h):
    z = x @ w[:, 0].T
    lengths = x.norm(dim=1) * w[y, 0].norm(dim=1)
    target = (h["lambda"] * own(z, y) + lengths * psi(torch.acos(own(z, y) / lengths), h["factor"])) / (1 + h["lambda"])
    return softmax_loss(picked(z, y, target), y)


def sphereface(x, w, y, h):
    c = cosines(x, w)
    phi = (h["lambda"] * own(c, y) + psi(torch.acos(own(c, y)), h["factor"])) / (1 + h["lambda"])
    return softmax_loss(x.norm(dim=1)[:, None] * picked(c, y, phi), y)


def sphereface_r(x, w, y, h):
    c = cosines(x, w)
    return softmax_loss(h["scale"] * picked(c, y, straight_through(psi(torch.acos(own(c, y)), h["factor"]), own(c, y))), y)


def normface(x, w, y, h):
    return softmax_loss(h["scale"] * cosines(x, w), y)


def am_softmax(x, w, y, h):
    c = cosines(x, w)
    return softmax_loss(h["scale"] * picked(c, y, own(c, y) - h["margin"]), y)


def arcface(x, w, y, h):
    c = cosines(x, w)
    target = own(c, y)
    phi = torch.cos(torch.acos(target) + h["margin"])
    if h.get("pastPi") == "monotone":
        phi = torch.where(target > -math.cos(h["margin"]), phi, target - h["margin"] * math.sin(h["margin"]))
    if h.get("pastPi") == "easy":
        phi = torch.where(target > 0, phi, target)
    if h["gradient"] == "detached":
        phi = straight_through(phi, target)
    return softmax_loss(h["scale"] * picked(c, y, phi), y)


def combined(x, w, y, h):
    c = cosines(x, w)
    return softmax_loss(h["scale"] * picked(c, y, torch.cos(h["factor"] * torch.acos(own(c, y)) + h["margin"]) - h["cosineMargin"]), y)


def magface(x, w, y, h):
    c = cosines(x, w)
    a = x.norm(dim=1).clamp(h["shortest"], h["longest"])
    m = h["margin"] + (h["longMargin"] - h["margin"]) / (h["longest"] - h["shortest"]) * (a - h["shortest"])
    target = own(c, y)
    phi = torch.where(target > 0, target * torch.cos(m) - torch.sqrt(1 - target**2) * torch.sin(m), target)
    return softmax_loss(h["scale"] * picked(c, y, phi), y) + h["weight"] * (a / h["longest"] ** 2 + 1 / a).mean()


def adaface(x, w, y, h):
    c = cosines(x, w).clamp(-1 + 1e-3, 1 - 1e-3)
    with torch.no_grad():
        lengths = x.norm(dim=1).clamp(0.001, 100)
        mean = h["rate"] * lengths.mean() + (1 - h["rate"]) * h["state"][0]
        deviation = h["rate"] * lengths.std() + (1 - h["rate"]) * h["state"][1]
        q = ((lengths - mean) / (deviation + 1e-3) * h["spread"]).clamp(-1, 1)
    h["after"] = [mean.item(), deviation.item()]
    theta = (torch.acos(own(c, y)) - h["margin"] * q).clamp(1e-3, math.pi - 1e-3)
    return softmax_loss(h["scale"] * picked(c, y, torch.cos(theta) - (h["margin"] + h["margin"] * q)), y)


def curricularface(x, w, y, h):
    c = cosines(x, w)
    target = own(c, y)
    m = h["margin"]
    phi = torch.where(target > math.cos(math.pi - m), torch.cos(torch.acos(target) + m), target - m * math.sin(m))
    with torch.no_grad():
        tau = h["rate"] * target.mean() + (1 - h["rate"]) * h["state"][0]
        hard = c > phi[:, None]
    h["after"] = [tau.item()]
    return softmax_loss(h["scale"] * picked(torch.where(hard, c * (tau + c), c), y, phi), y)


def subcenter_arcface(x, w, y, h):
    c = torch.einsum("nd,ckd->nck", F.normalize(x, dim=1), F.normalize(w, dim=2)).amax(2).clamp(-1, 1)
    phi = straight_through(torch.cos(torch.acos(own(c, y)) + h["margin"]), own(c, y))
    return softmax_loss(h["scale"] * picked(c, y, phi), y)


def circle(x, w, y, h):
    c = cosines(x, w)
    m = h["margin"]
    positive = F.relu(1 + m - own(c, y)).detach() * (own(c, y) - (1 - m))
    return softmax_loss(h["scale"] * picked(F.relu(c + m).detach() * (c - m), y, positive), y)


def sphereface2(x, w, y, h):
    c = cosines(x, w)
    one_hot = F.one_hot(y, C).double()
    with torch.no_grad():
        shift = 2 * ((c + 1) / 2) ** h["spread"] - 1 - h["margin"] * (2 * one_hot - 1) - c
    z = h["scale"] * (c + shift) + h["bias"]
    weight = h["balance"] * one_hot + (1 - h["balance"]) * (1 - one_hot)
    return F.binary_cross_entropy_with_logits(z, one_hot, weight=h["weight"] * C / h["scale"] * weight)


def filtered(x, w, y, h):
    c = cosines(x, w)
    others = torch.where((c > h["filter"]) & ~F.one_hot(y, C).bool(), torch.zeros_like(c), c)
    return softmax_loss(h["scale"] * picked(others, y, own(c, y) - h["margin"]), y)


def distances(x, w):
    return (F.normalize(x, dim=1)[:, None] - F.normalize(w[:, 0], dim=1)[None]).square().sum(2)


def c_contrastive(x, w, y, h):
    d = distances(x, w)
    return torch.where(F.one_hot(y, C).bool(), d, F.relu(h["margin"] - d)).sum(1).mean()


def c_triplet(x, w, y, h):
    d = distances(x, w)
    return (F.relu(h["margin"] + own(d, y)[:, None] - d) * (1 - F.one_hot(y, C))).sum(1).mean()


EXACT, DETACHED = {"gradient": "exact"}, {"gradient": "detached"}
HEADS = [
    ("l-softmax", l_softmax, {"factor": 4, "lambda": 5.0}),
    ("sphereface", sphereface, {"factor": 4, "lambda": 5.0}),
    ("sphereface", sphereface, {"factor": 3, "lambda": 0.0}),
    ("sphereface-r", sphereface_r, {"factor": 1.5, "scale": 30.0}),
    ("normface", normface, {"scale": 10.0, "scaleRate": 1}),
    ("am-softmax", am_softmax, {"scale": 30.0, "margin": 0.35}),
    ("arcface", arcface, {"scale": 64.0, "margin": 0.5, **DETACHED}),
    ("arcface", arcface, {"scale": 16.0, "margin": 0.5, **EXACT}),
    ("arcface", arcface, {"scale": 16.0, "margin": 1.2, "pastPi": "monotone", **EXACT}),
    ("arcface", arcface, {"scale": 16.0, "margin": 0.5, "pastPi": "easy", **EXACT}),
    ("combined", combined, {"scale": 16.0, "factor": 0.9, "margin": 0.4, "cosineMargin": 0.15}),
    ("coco", normface, {"scale": 0.5 * math.log(C - 1) + 3}),
    ("adacos", normface, {"scale": math.sqrt(2) * math.log(C - 1)}),
    ("magface", magface, {"scale": 16.0, "margin": 0.45, "longMargin": 0.8, "shortest": 1.5, "longest": 2.5, "weight": 3.0}),
    ("adaface", adaface, {"scale": 16.0, "margin": 0.4, "spread": 0.333, "rate": 0.25, "state": [1.5, 0.75]}),
    ("curricularface", curricularface, {"scale": 16.0, "margin": 0.5, "rate": 0.25, "state": [0.5]}),
    ("subcenter-arcface", subcenter_arcface, {"scale": 16.0, "margin": 0.5, "centres": 3}),
    ("circle", circle, {"scale": 32.0, "margin": 0.25}),
    ("sphereface2", sphereface2, {"scale": 40.0, "margin": 0.4, "spread": 3, "weight": 50, "balance": 0.7}),
    ("am-softmax", filtered, {"scale": 16.0, "margin": 0.4, "filter": 0.25}),
    ("c-contrastive", c_contrastive, {"margin": 1}),
    ("c-triplet", c_triplet, {"margin": 0.8}),
]


def make(folder):
    y = torch.tensor(LABELS)
    out = {"torch": torch.__version__, "labels": LABELS, "x": numbers(1, N, D).flatten().tolist(), "w": numbers(2, C, 3, D).flatten().tolist(), "heads": []}
    for kind, loss_of, constants in HEADS:
        h = dict(constants)
        x = numbers(1, N, D).requires_grad_()
        w = numbers(2, C, 3, D)[:, : h.get("centres", 1)].clone().requires_grad_()
        parameters = [x, w]
        if "scaleRate" in h:
            h["scale"] = torch.tensor(h["scale"], dtype=torch.float64, requires_grad=True)
            parameters.append(h["scale"])
        if kind == "sphereface2":
            h["bias"] = torch.tensor(-2.5, dtype=torch.float64, requires_grad=True)
            parameters.append(h["bias"])
        loss = loss_of(x, w, y, h)
        gradients = torch.autograd.grad(loss, parameters)
        out["heads"].append({
            "head": {"kind": kind, **{k: v for k, v in constants.items() if k not in ("lambda", "state") and not (kind in ("coco", "adacos") and k == "scale")}},
            "lambda": constants.get("lambda", 0.0),
            "state": constants.get("state", []),
            "after": h.get("after", []),
            "loss": loss.item(),
            "dx": gradients[0].flatten().tolist(),
            "dw": gradients[1].flatten().tolist(),
            "dnumber": gradients[2].item() if len(gradients) > 2 else 0.0,
        })
    text = json.dumps(out, indent=None, separators=(",", ":"), allow_nan=False)
    (folder / "heads.json").write_text(text.replace('{"head"', '\n{"head"') + "\n")
