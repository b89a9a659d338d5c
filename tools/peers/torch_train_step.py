"""Times PyTorch at what the engine does: a training step and embedding with ResFace, on the CPU or a card.

Article variant with AM-Softmax (s = 30, m = 0.35), channels_last, SGD with momentum (fused). bf16 is autocast: weights
stay float32, as the engine's do. On a card --graph records the step as a CUDA graph and replays it. Each measurement runs
in a process of its own, so that its peak memory is its own, and prints one JSON line:

    {"mode": "train", "batch": 32, "images_per_second": ..., "milliseconds": [median, least, most], "peak_rss_mib": ...}
"""

import argparse
import json
import multiprocessing
import pathlib
import resource
import statistics
import sys
import time

import torch
from torch.nn.utils import fusion

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import resface  # noqa: E402


def build(arguments):
    torch.manual_seed(1)
    head = resface.Head("am-softmax", arguments.classes, arguments.embedding, scale=30.0, margin=0.35)
    torch.nn.init.xavier_normal_(head.weight)
    blocks = resface.BLOCKS[arguments.net]
    model = resface.Recogniser(head, blocks, arguments.widths, arguments.crop, arguments.embedding, "article")
    return model.to(arguments.device, memory_format=torch.channels_last)


def autocast(arguments):
    return torch.autocast(arguments.device, torch.bfloat16, enabled=arguments.dtype == "bf16")


def compiled(function, arguments):
    return torch.compile(function, mode=arguments.compile_mode) if arguments.compile else function


def recorded(run, arguments):
    """The same function of no arguments as a CUDA graph, after three runs on a stream of its own."""
    if not arguments.graph:
        return run
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        answer = run()

    def replay():
        graph.replay()
        return answer

    return replay


def fold_batch_norm(model):
    """Puts every batch norm of an evaluated model into the convolution or FC before it."""
    for module in list(model.modules()):
        for conv, bn in (("conv", "bn"), ("conv1", "bn1"), ("conv2", "bn2")):
            if isinstance(getattr(module, bn, None), torch.nn.BatchNorm2d):
                setattr(module, conv, fusion.fuse_conv_bn_eval(getattr(module, conv), getattr(module, bn)))
                setattr(module, bn, torch.nn.Identity())
    model.fc = fusion.fuse_linear_bn_eval(model.fc, model.fc_bn)
    model.fc_bn = torch.nn.Identity()


def train_step(model, arguments, images, labels):
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decayed, "weight_decay": 5e-4}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.SGD(groups, lr=0.01, momentum=0.9, fused=True)
    loss_of = compiled(model.train(), arguments)

    def run():
        optimizer.zero_grad(set_to_none=True)
        with autocast(arguments):
            loss = loss_of(prepare(images), labels)[1]
        loss.backward()
        optimizer.step()
        return loss

    return recorded(run, arguments)


def embed_step(model, arguments, images, _):
    model.eval()
    if arguments.fold:
        fold_batch_norm(model)
        model.to(memory_format=torch.channels_last)
    embed = compiled(model.embed, arguments)

    def run():
        with torch.inference_mode(), autocast(arguments):
            return embed(prepare(images)).float()

    return recorded(run, arguments)


def prepare(images):
    """(N, H, W, 3) u8 -> (N, 3, H, W) f32 in channels_last."""
    return (images.permute(0, 3, 1, 2).float() - 127.5) * (1.0 / 128.0)


def measure(mode, batch, arguments):
    torch.set_num_threads(arguments.threads)
    on_card = arguments.device == "cuda"
    if on_card:
        torch.backends.cudnn.benchmark = True
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    model = build(arguments)
    generator = torch.Generator().manual_seed(2)
    host = torch.randint(0, 256, (batch, *arguments.crop, 3), dtype=torch.uint8, generator=generator)
    host = host.pin_memory() if on_card else host
    labels = torch.randint(0, arguments.classes, (batch,), generator=generator).to(arguments.device)
    images = host.to(arguments.device)
    run = (train_step if mode == "train" else embed_step)(model, arguments, images, labels)

    def step():
        if on_card:
            images.copy_(host, non_blocking=True)
        return run().sum().item() if mode == "train" else run().cpu().sum().item()

    for _ in range(arguments.warm_up):
        answer = step()
    if not abs(answer) < float("inf"):
        raise ArithmeticError(f"{mode} at batch {batch} gives {answer}")
    times, end = [], time.perf_counter() + arguments.seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    line = {
        "rival": "torch " + torch.__version__,
        "mode": mode,
        "name": f"resface{arguments.net}",
        "batch": batch,
        "dtype": arguments.dtype,
        "device": torch.cuda.get_device_name() if on_card else "cpu",
        "how": how(arguments),
        "images_per_second": round(batch / median, 2),
        "milliseconds": [round(1e3 * t, 4) for t in (median, min(times), max(times))],
        "steps": len(times),
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "threads": arguments.threads,
        "compiled": arguments.compile,
        "folded": arguments.fold and mode == "embed",
        "net": arguments.net,
        "widths": arguments.widths,
        "crop": arguments.crop,
        "classes": arguments.classes,
    }
    if on_card:
        line["peak_device_mib"] = torch.cuda.max_memory_allocated() >> 20
        line["reserved_device_mib"] = torch.cuda.memory_reserved() >> 20
    print(json.dumps(line), flush=True)


def how(arguments):
    """The way it runs, in words."""
    words = f"compiled {arguments.compile_mode}" if arguments.compile else "eager"
    return words + (", graph" if arguments.graph else "")


def numbers(count=None):
    def parse(text):
        values = [int(part) for part in text.split(",")]
        if (count and len(values) != count) or min(values) < 1:
            raise argparse.ArgumentTypeError(f"{text!r}: expected {count or 'some'} positive integers with commas")
        return values

    return parse


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("train", "embed", "both"), default="both")
    parser.add_argument("--batches", type=numbers(), default=[1, 8, 32], help="batch sizes, e.g. 1,8,32")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--compile", action="store_true", help="torch.compile (needs a C++ compiler)")
    parser.add_argument("--compile-mode", choices=("default", "reduce-overhead", "max-autotune"), default="default")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtype", choices=("f32", "bf16"), default="f32", help="bf16: autocast")
    parser.add_argument("--graph", action="store_true", help="record the step as a CUDA graph; for --device cuda, eager")
    parser.add_argument("--fold", action="store_true", help="embed with batch norms folded into the weights")
    parser.add_argument("--net", type=int, choices=sorted(resface.BLOCKS), default=20)
    parser.add_argument("--widths", type=numbers(4), default=[64, 128, 256, 512])
    parser.add_argument("--crop", type=numbers(2), default=[112, 96], help="rows,columns")
    parser.add_argument("--embedding", type=int, default=512)
    parser.add_argument("--classes", type=int, default=10575)
    parser.add_argument("--seconds", type=float, default=10.0, help="time spent on each measurement")
    parser.add_argument("--warm-up", type=int, default=3, help="steps before the clock starts, at least 1")
    arguments = parser.parse_args()
    if arguments.warm_up < 1 or arguments.threads < 1:
        parser.error("--warm-up and --threads take 1 or more")
    if arguments.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: this PyTorch sees no card")
    if arguments.graph and (arguments.device != "cuda" or arguments.compile):
        parser.error("--graph is for --device cuda without --compile")
    spawn = multiprocessing.get_context("spawn")
    for mode in ("train", "embed") if arguments.mode == "both" else (arguments.mode,):
        for batch in arguments.batches:
            if mode == "train" and batch == 1:
                continue  # batch norm behind the FC has no statistics over one row
            process = spawn.Process(target=measure, args=(mode, batch, arguments))
            process.start()
            process.join()
            if process.exitcode != 0:
                sys.exit(f"{mode} at batch {batch} ended with status {process.exitcode}")


if __name__ == "__main__":
    main()
