"""1:1 verification from distances: 10-fold accuracy, AUC, equal error rate, TAR at FAR."""

import numpy as np

THRESHOLDS = np.arange(0, 4, 0.01)  # on the squared L2 distance of unit vectors; the first best is taken


def report(distances, same, folds):
    """`distances` squared L2 of unit embeddings, `same` bool, `folds` 0 to 9; all (pairs)."""
    accuracies = fold_accuracies(distances, same, folds)
    far, tar = roc(distances, same)
    result = {
        "accuracy": accuracies.mean(),
        "accuracy_sd": accuracies.std(),
        "accuracy_standard_error": accuracies.std(ddof=1) / np.sqrt(len(accuracies)),
        "auc": np.trapezoid(tar, far),
        "eer": equal_error_rate(far, tar),
        "tar_at_far_1e-1": tar[far <= 0.1].max(),
        "tar_at_far_1e-2": tar[far <= 0.01].max(),
        "pairs": int(len(same)),
    }
    return {name: round(float(value), 4) if name != "pairs" else value for name, value in result.items()}


def fold_accuracies(distances, same, folds):
    """Per fold: the threshold that is best on the other nine, applied to it. Same is distance < threshold."""
    right = (distances[None, :] < THRESHOLDS[:, None]) == same[None, :]
    accuracies = []
    for fold in range(10):
        best = right[:, folds != fold].mean(axis=1).argmax()
        accuracies.append(right[best, folds == fold].mean())
    return np.array(accuracies)


def roc(distances, same):
    """(FAR, TAR) at every distinct distance, from (0, 0) to (1, 1); tied pairs step together."""
    order = np.argsort(distances, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(distances[order])), len(order) - 1)
    accepted = np.cumsum(same[order])[ends]
    tar = np.append(0.0, accepted / same.sum())
    far = np.append(0.0, (ends + 1 - accepted) / (~same).sum())
    return far, tar


def equal_error_rate(far, tar):
    """x with 1 - x = TAR(x), linear between the points."""
    gap = far + tar - 1  # rises from -1 to 1
    i = int(np.argmax(gap >= 0))
    share = -gap[i - 1] / (gap[i] - gap[i - 1])
    return far[i - 1] + share * (far[i] - far[i - 1])
