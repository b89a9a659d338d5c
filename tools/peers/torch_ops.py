"""Times single ops of PyTorch on the CPU or a card: the convolutions of a list of shapes in three directions, and the head.

    torch_ops.py conv --shapes bench/shapes/resface20.txt --batch 256 --dtype bf16 --device cuda
    torch_ops.py head --batch 1024 --classes 1000000
    torch_ops.py head --batch 256 --classes 100000 --head arcface --compiled

Convolutions are channels_last, on a card with cudnn.benchmark, which tries all of cuDNN's algorithms. On a card the calls
are recorded as a CUDA graph and timed by events. One JSON line a figure, with the names that the engine's figures have.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import resface  # noqa: E402

TYPES = {"f32": torch.float32, "bf16": torch.bfloat16}
COPIES = 10  # of the tensors of a convolution, one behind the other, so that no call finds its own in the cache


def read_shapes(file):
    """name count H W C K R S stride top bottom left right; # begins a remark."""
    for line in pathlib.Path(file).read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            yield words[0], [int(word) for word in words[1:]]


def timed(run, arguments):
    """Seconds of a call of run(i): median, least, most. i counts the calls."""
    for i in range(3):
        run(i)
    if arguments.device == "cpu":
        times, end = [], time.perf_counter() + arguments.seconds
        while len(times) < 3 or time.perf_counter() < end:
            start = time.perf_counter()
            run(len(times))
            times.append(time.perf_counter() - start)
        return statistics.median(times), min(times), max(times)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for i in range(COPIES):
            run(i)
    times, end = [], time.perf_counter() + arguments.seconds
    while len(times) < 3 or time.perf_counter() < end:
        start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        graph.replay()
        stop.record()
        stop.synchronize()
        times.append(1e-3 * start.elapsed_time(stop) / COPIES)
    return statistics.median(times), min(times), max(times)


def tell(mode, name, times, arguments, **more):
    line = {
        "rival": "torch " + torch.__version__,
        "mode": mode,
        "name": name,
        "batch": arguments.batch,
        "dtype": arguments.dtype,
        "device": torch.cuda.get_device_name() if arguments.device == "cuda" else "cpu",
        "how": "cudnn.benchmark" if mode == "conv" and arguments.device == "cuda" else "compiled" if mode == "head" and arguments.compiled else "eager",
        "milliseconds": [round(1e3 * t, 5) for t in times],
        "images_per_second": round(arguments.batch / times[0], 2),
    }
    print(json.dumps({**line, **more}), flush=True)


def convolutions(arguments):
    dtype = TYPES[arguments.dtype]
    for name, (count, h, w, c, k, r, s, stride, top, bottom, left, right) in read_shapes(arguments.shapes):
        n = arguments.batch

        def draw(*size):
            drawn = torch.rand(size, device=arguments.device, dtype=torch.float32).mul_(2).sub_(1)
            return drawn.to(dtype).contiguous(memory_format=torch.channels_last)

        # What the engine pads within the convolution is padded before it where the sides differ: that is not timed.
        same = top == bottom and left == right
        pads = (top, left) if same else (0, 0)
        xs, weights, dys = [], [], []
        for _ in range(COPIES):
            x = draw(n, c, h, w)
            xs.append(x if same else F.pad(x, (left, right, top, bottom)).contiguous(memory_format=torch.channels_last))
            weights.append(draw(k, c, r, s))
            y = F.conv2d(xs[-1], weights[-1], stride=stride, padding=pads)
            dys.append(draw(*y.shape))

        def forward(i, xs=xs, weights=weights, stride=stride, pads=pads):
            return F.conv2d(xs[i % COPIES], weights[i % COPIES], stride=stride, padding=pads)

        def backward(i, wanted, xs=xs, weights=weights, dys=dys, stride=stride, pads=pads):
            i %= COPIES
            settings = (None, (stride, stride), pads, (1, 1), False, (0, 0), 1)
            return torch.ops.aten.convolution_backward(dys[i], xs[i], weights[i], *settings, wanted)

        runs = {
            "forward": forward,
            "backward_input": lambda i: backward(i, (True, False, False)),
            "backward_weight": lambda i: backward(i, (False, True, False)),
        }
        flop = 2.0 * y.numel() * c * r * s
        for direction, run in runs.items():
            with torch.no_grad():
                times = timed(run, arguments)
            tell("conv", f"{name} {direction}", times, arguments, count=count, tflop_per_second=round(1e-12 * flop / times[0], 3))


def head(arguments):
    torch.manual_seed(3)
    module = resface.Head("am-softmax", arguments.classes, 512, scale=30.0, margin=0.35).to(arguments.device)
    torch.nn.init.uniform_(module.weight, -1, 1)
    x = torch.rand(arguments.batch, 512, device=arguments.device).mul_(2).sub_(1).requires_grad_()
    labels = torch.randint(0, arguments.classes, (arguments.batch,), device=arguments.device)

    def target_of(c):
        if arguments.head == "arcface":  # the margin moves the logit and not the gradient
            return c + (torch.cos(torch.acos(c) + 0.5) - c).detach()
        if arguments.head == "sphereface":  # m 4, lambda 5: psi_4 by its polynomial
            k = (c <= 0.5**0.5).float() + (c <= 0).float() + (c <= -(0.5**0.5)).float()
            return (5 * c + (1 - 2 * (k % 2)) * (8 * c**4 - 8 * c**2 + 1) - 2 * k) / 6
        return c - module.margin

    def loss_of(x):  # the margin at the labels alone: a one-hot matrix of the classes would be gigabytes
        cosines = F.linear(F.normalize(x, eps=1e-12), F.normalize(module.weight, eps=1e-12)).clamp(-1, 1)
        target = target_of(cosines.gather(1, labels[:, None]))
        scale = x.norm(dim=1, keepdim=True) if arguments.head == "sphereface" else 64.0 if arguments.head == "arcface" else module.scale
        return F.cross_entropy(scale * cosines.scatter(1, labels[:, None], target), labels)

    if arguments.compiled:
        loss_of = torch.compile(loss_of)

    def run(_):
        x.grad = module.weight.grad = None
        with torch.autocast(arguments.device, torch.bfloat16, enabled=arguments.dtype == "bf16"):
            loss = loss_of(x)
        loss.backward()
        return loss

    loss = run(0).item()
    if not loss < float("inf"):
        raise ArithmeticError("the loss of the head is not finite")
    times = timed(run, arguments)
    more = {"peak_device_mib": torch.cuda.max_memory_allocated() >> 20} if arguments.device == "cuda" else {}
    tell("head", f"{arguments.head} {arguments.classes}", times, arguments, loss=loss, **more)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("conv", "head"))
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--dtype", choices=sorted(TYPES), default="f32", help="bf16: for the head autocast")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--shapes", default=str(pathlib.Path(__file__).resolve().parents[2] / "bench/shapes/resface20.txt"))
    parser.add_argument("--classes", type=int, default=1_000_000)
    parser.add_argument("--head", choices=("am-softmax", "arcface", "sphereface"), default="am-softmax")
    parser.add_argument("--compiled", action="store_true", help="the head through torch.compile")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--seconds", type=float, default=0.2, help="time spent on each figure")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: this PyTorch sees no card")
    torch.set_num_threads(arguments.threads)
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    (convolutions if arguments.what == "conv" else head)(arguments)


if __name__ == "__main__":
    main()
