"""Trains a ResFace on the training people of LFW View 1 and verifies the pairs of pairsDevTest, in PyTorch on the CPU.

    python torch_lfw.py --data LFW [--celeb24 CELEB24 --celeb24-pairs LIST] [recipe options]

LFW holds aligned_112x96/NAME/NAME_0001.jpg and the protocol files. The defaults are the recommended recipe. People who
occur in a test set and in training are removed by name (from training for pairsDevTest, from the test for celeb24) and
listed. One JSON line a result; "flip_test" ones use the sum of the embeddings of an image and its mirror image.
"""

import argparse
import json
import pathlib
import sys
import time

import numpy as np
import torch
from torch import nn

import face_data
import verification

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import resface  # noqa: E402


def training_set(folder, least, excluded, shrink):
    """Images (N, H, W, 3) u8, labels (N) and names of the View 1 training people with `least` images or more."""
    paths, labels, names = [], [], []
    for name in sorted(face_data.people_listed(folder / "peopleDevTrain.txt")):
        images = sorted((folder / "aligned_112x96" / name).glob("*.jpg"))
        if len(images) >= least and name not in excluded:
            paths += images
            labels += [len(names)] * len(images)
            names.append(name)
    return face_data.read_faces(paths, shrink), np.array(labels), names


def initialise(model, generator):
    """Article's start values: xavier uniform for stage convolutions and FC, normal of sigma 0.01 cut at 2 sigma for
    residual convolutions, xavier normal for the class matrix; the rest as built (PReLU 0.25, BN 1 and 0, biases 0)."""
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        elif ".block" in name and ".conv" in name:
            nn.init.trunc_normal_(parameter, 0.0, 0.01, -0.02, 0.02, generator=generator)
        elif name == "head.weight":
            nn.init.xavier_normal_(parameter, generator=generator)
        elif parameter.dim() >= 2:
            nn.init.xavier_uniform_(parameter, generator=generator)


def prepare(images):
    """(N, H, W, 3) u8 -> (N, 3, H, W) f32 in channels_last, (pixel - 127.5) / 128."""
    return (torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() - 127.5) * (1.0 / 128.0)


def train(model, images, labels, options):
    random = np.random.Generator(np.random.PCG64(options.start_value))
    stream = face_data.EpochStream(len(labels), options.batch, random)
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": options.weight_decay}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=0.0, momentum=0.9, fused=True)
    model.train()
    start, losses = time.perf_counter(), []
    for step in range(options.steps):
        rate = face_data.learning_rate(step, options.steps, options.learning_rate, options.warm_up, options.schedule)
        model.head.margin = options.margin * min(1.0, step / max(1, options.margin_warm_up))
        for group in optimizer.param_groups:
            group["lr"] = rate
        chosen = stream.next()
        batch = prepare(face_data.augment(images[chosen], random, options.shift))
        optimizer.zero_grad(set_to_none=True)
        loss = model(batch, torch.from_numpy(labels[chosen]))[1]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if not abs(losses[-1]) < float("inf"):
            sys.exit(f"loss is {losses[-1]} at step {step}: lower --learning-rate or raise --warm-up")
        if (step + 1) % options.report_every == 0:
            line = {"step": step + 1, "loss": round(float(np.mean(losses[-options.report_every :])), 4)}
            line["images_per_second"] = round((step + 1) * options.batch / (time.perf_counter() - start), 1)
            print(json.dumps(line), flush=True)
    return time.perf_counter() - start


def embed(model, images, mirrored):
    """Unit embeddings (N, d); with `mirrored` of the sum over an image and its mirror image."""
    model.eval()
    parts = []
    with torch.inference_mode():
        for begin in range(0, len(images), 128):
            batch = images[begin : begin + 128]
            x = model.embed(prepare(batch))
            if mirrored:
                x = x + model.embed(prepare(batch[:, :, ::-1]))
            parts.append(nn.functional.normalize(x))
    return torch.cat(parts).numpy()


def verify(model, pairs, shrink, label, facts):
    paths = sorted({path for pair in pairs for path in pair[:2]})
    position = {path: i for i, path in enumerate(paths)}
    images = face_data.read_faces(paths, shrink)
    first, second = (np.array([position[pair[k]] for pair in pairs]) for k in (0, 1))
    same, folds = np.array([pair[2] for pair in pairs]), np.array([pair[3] for pair in pairs])
    for mirrored in (False, True):
        embeddings = embed(model, images, mirrored).astype(np.float64)
        distances = np.square(embeddings[first] - embeddings[second]).sum(axis=1)
        result = verification.report(distances, same, folds)
        print(json.dumps({"test": label, "flip_test": mirrored, **result, **facts}), flush=True)


def celeb24_people(folder, trained):
    people = {p.name: sorted(p.glob("*.jpg")) for p in sorted(folder.iterdir()) if p.is_dir()}
    removed = sorted(set(people) & trained)
    return {name: paths for name, paths in people.items() if name not in trained}, removed


def numbers(text):
    values = [int(part) for part in text.split(",")]
    if len(values) != 4 or min(values) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected four positive widths with commas")
    return values


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="LFW folder")
    parser.add_argument("--celeb24", type=pathlib.Path, help="folder of 24 folders of 112x112 faces, tested too")
    parser.add_argument("--celeb24-pairs", type=pathlib.Path, help="list of its pairs, as written by angulus eval --out")
    parser.add_argument("--least", type=int, default=2, help="least images of a training person")
    parser.add_argument("--net", type=int, choices=sorted(resface.BLOCKS), default=10)
    parser.add_argument("--widths", type=numbers, default=[32, 64, 128, 256])
    parser.add_argument("--embedding", type=int, default=128)
    parser.add_argument("--shrink", type=int, choices=(1, 2), default=2, help="2: faces of 56x48")
    parser.add_argument("--variant", choices=resface.VARIANTS, default="article")
    parser.add_argument("--head", choices=resface.HEADS, default="am-softmax")
    parser.add_argument("--scale", type=float, default=30.0)
    parser.add_argument("--margin", type=float, default=0.2)
    parser.add_argument("--margin-warm-up", type=int, default=0, help="steps over which the margin grows from 0")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=800)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--warm-up", type=int, default=100, help="steps over which the learning rate grows from 0")
    parser.add_argument("--schedule", choices=("cosine", "steps"), default="cosine")
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--keep", type=float, default=1.0, help="dropout keep probability before the FC")
    parser.add_argument("--shift", type=int, default=0, help="random move of up to this many pixels")
    parser.add_argument("--start-value", type=int, default=666)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--report-every", type=int, default=250)
    options = parser.parse_args()
    if (options.celeb24 is None) != (options.celeb24_pairs is None):
        parser.error("--celeb24 and --celeb24-pairs go together: write the list with angulus eval --draw 3000 --out DIR")
    return options


def main():
    options = parse()
    torch.set_num_threads(options.threads)
    pairs, tested = face_data.pairs_listed(options.data / "pairsDevTest.txt", options.data / "aligned_112x96")
    missing = sorted({path.name for pair in pairs for path in pair[:2] if not path.exists()})
    pairs = [pair for pair in pairs if pair[0].exists() and pair[1].exists()]
    overlap = sorted(tested & set(face_data.people_listed(options.data / "peopleDevTrain.txt")))
    images, labels, names = training_set(options.data, options.least, set(overlap), options.shrink)
    print(json.dumps({"people": len(names), "images": len(labels), "removed": overlap, "missing": missing}), flush=True)

    head = resface.Head(options.head, len(names), options.embedding, options.scale, options.margin)
    crop = images.shape[1:3]
    blocks = resface.BLOCKS[options.net]
    model = resface.Recogniser(head, blocks, options.widths, crop, options.embedding, options.variant, options.keep)
    initialise(model, torch.Generator().manual_seed(options.start_value))
    torch.manual_seed(options.start_value)
    model.to(memory_format=torch.channels_last)
    seconds = train(model, images, labels, options)
    rate = options.steps * options.batch / seconds
    facts = {"train_seconds": round(seconds, 1), "images_per_second": round(rate, 1), "threads": options.threads}
    verify(model, pairs, options.shrink, "lfw-pairsDevTest", facts)
    if options.celeb24:
        people, removed = celeb24_people(options.celeb24, set(names))
        verify(model, face_data.drawn_pairs(options.celeb24_pairs, people), options.shrink, "celeb24", {"removed": removed})


if __name__ == "__main__":
    main()
