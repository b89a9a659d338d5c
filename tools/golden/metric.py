"""Losses on distances: values and gradients by pytorch-metric-learning, by PyTorch's own losses and, where neither has the loss, by its formula with autograd.

Writes src/test/resources/golden/metric.json. Needs torch and pytorch-metric-learning (versions stand in the file).
"""
import json
import pathlib

import pytorch_metric_learning
import torch
import torch.nn.functional as F
from pytorch_metric_learning import distances, losses, miners, reducers

torch.manual_seed(20)
N, D, PEOPLE = 12, 5, 4
LABELS = torch.arange(N) % PEOPLE
ROWS = torch.randn(N, D).double() * 0.7
ROWS = ROWS.float().double()  # exact in f32


def lp(power, unit):
    return distances.LpDistance(normalize_embeddings=unit, p=2, power=power)


def pairs(x, unit=False):
    x = F.normalize(x) if unit else x
    return torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist")


def ordered(same):
    mask = LABELS[:, None] == LABELS[None, :]
    return (mask if same else ~mask) & ~torch.eye(N, dtype=bool)


def contrastive(x, margin):
    d = pairs(x)
    terms = torch.where(ordered(True), d**2 / 2, F.relu(margin - d) ** 2 / 2)
    return terms[~torch.eye(N, dtype=bool)].mean()


def contrastive_cosine(x, margin):
    a, b = torch.nonzero(~torch.eye(N, dtype=bool), as_tuple=True)
    y = torch.where(LABELS[a] == LABELS[b], 1.0, -1.0)
    return torch.nn.CosineEmbeddingLoss(margin=margin)(x[a], x[b], y)


def margin_based(x, alpha, beta, nu):
    d = pairs(x, True)
    y = torch.where(ordered(True), 1.0, -1.0)
    terms = F.relu(alpha + y * (d - beta))[~torch.eye(N, dtype=bool)]
    return terms.sum() / (terms > 0).sum() + nu * beta


def semi_hard(x, margin):
    """tfa.losses.TripletSemiHardLoss without its fallback: the nearest negative beyond the positive."""
    d = pairs(x, True) ** 2
    terms = []
    for a, p in torch.nonzero(ordered(True)).tolist():
        beyond = [n for n in range(N) if LABELS[n] != LABELS[a] and d[a, n] > d[a, p]]
        if beyond:
            n = min(beyond, key=lambda j: float(d[a, j].detach()))
            terms.append(F.relu(d[a, p] - d[a, n] + margin))
    return torch.stack(terms).mean()


def batch_hard_soft(x, pull):
    d = pairs(x)
    hardest = torch.where(ordered(True), d, -torch.inf).amax(1)
    nearest = torch.where(ordered(False), d, torch.inf).amin(1)
    return (F.softplus(hardest - nearest) + pull * F.softplus(hardest)).mean()


def mined(loss, miner):
    return lambda x: loss(x, LABELS, miner(x, LABELS) if miner else None)


mean = reducers.MeanReducer()
CASES = {
    # name: (function of x and beta, fields)
    "pml TripletMarginLoss, all, power 1": (
        mined(losses.TripletMarginLoss(margin=0.2, distance=lp(1, False)), None),
        dict(kind="triplet", distance="euclidean", normalized=False, selection="all", ofActive=True, margin=0.2)),
    "pml TripletMarginLoss, all, power 2, unit rows": (
        mined(losses.TripletMarginLoss(margin=0.2, distance=lp(2, True)), None),
        dict(kind="triplet", distance="squared", normalized=True, selection="all", ofActive=True, margin=0.2)),
    "pml BatchHardMiner": (
        mined(losses.TripletMarginLoss(margin=0.5, distance=lp(1, False), reducer=mean), miners.BatchHardMiner(distance=lp(1, False))),
        dict(kind="triplet", distance="euclidean", normalized=False, selection="batch-hard", ofActive=False, margin=0.5)),
    "pml smooth loss of margin 0": (
        mined(losses.TripletMarginLoss(margin=0, smooth_loss=True, distance=lp(1, False), reducer=mean), None),
        dict(kind="triplet", distance="euclidean", normalized=False, selection="all", ofActive=False, soft=True, margin=0.0)),
    "formula: batch-hard, soft, with pull": (
        lambda x: batch_hard_soft(x, 0.001),
        dict(kind="triplet", distance="euclidean", normalized=False, selection="batch-hard", ofActive=False, soft=True, pull=0.001, margin=0.0)),
    "formula: semi-hard": (
        lambda x: semi_hard(x, 0.2),
        dict(kind="triplet", distance="squared", normalized=True, selection="semi-hard", ofActive=False, margin=0.2)),
    "formula: DeepID2": (
        lambda x: contrastive(x, 1.5),
        dict(kind="contrastive", distance="euclidean", normalized=False, selection="all", ofActive=False, margin=1.5)),
    "torch CosineEmbeddingLoss": (
        lambda x: contrastive_cosine(x, 0.1),
        dict(kind="contrastive", distance="cosine", normalized=True, selection="all", ofActive=False, margin=0.1)),
    "formula: margin-based": (
        lambda x, beta: margin_based(x, 0.2, beta, 0.01),
        dict(kind="margin", distance="euclidean", normalized=True, selection="all", ofActive=True, margin=0.2, beta=1.2, nu=0.01)),
}


def run(function, fields):
    x = ROWS.clone().requires_grad_()
    beta = torch.tensor(fields.get("beta", 0.0), dtype=torch.float64, requires_grad=True)
    loss = function(x, beta) if "beta" in fields else function(x)
    loss.backward()
    case = dict(soft=False, pull=0.0, beta=0.0, nu=0.0)
    case.update(fields)
    case.update(loss=float(loss.detach()), dx=x.grad.flatten().tolist(), dbeta=float(beta.grad) if beta.grad is not None else 0.0)
    return case


def conventions():
    """What public code computes otherwise: pinned, so that the difference stays known."""
    x = ROWS.clone()
    contrastive_pml = losses.ContrastiveLoss(pos_margin=0, neg_margin=1.5, distance=lp(1, False))
    margin_pml = losses.MarginLoss(margin=0.2, beta=1.2, distance=lp(1, True))
    smooth = losses.TripletMarginLoss(margin=0.2, smooth_loss=True, distance=lp(1, False), reducer=mean)
    return {"pml ContrastiveLoss of margin 1.5": float(contrastive_pml(x, LABELS)), "pml MarginLoss over all triplets": float(margin_pml(x, LABELS)),
            "pml smooth loss of margin 0.2": float(smooth(x, LABELS))}


if __name__ == "__main__":
    content = dict(torch=torch.__version__, pytorch_metric_learning=pytorch_metric_learning.__version__, n=N, d=D, labels=LABELS.tolist(),
                   x=ROWS.flatten().tolist(), cases={name: run(*case) for name, case in CASES.items()}, conventions=conventions())
    target = pathlib.Path(__file__).parents[2] / "src/test/resources/golden/metric.json"
    target.write_text(json.dumps(content, indent=1) + "\n")
