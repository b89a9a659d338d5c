"""Embeds the same crops again and again with a compiled PyTorch, each time that a line comes in.

    torch_embed.py MODEL.safetensors CROPS --batch N --threads T [--dtype bf16]

MODEL has ResFace20's article variant, 112x96; CROPS is u8 (N, 112, 96, 3). For each line of standard input the embeddings (N, D) go to standard
output as f32, little-endian. Batch norm is folded, layout is channels_last, torch.compile freezes the weights: what PyTorch's users have at best.
In bf16 weights and activations are converted whole, which is faster than autocast.
"""

import argparse
import json
import pathlib
import sys

import numpy
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
import resface  # noqa: E402
from torch_train_step import fold_batch_norm, prepare  # noqa: E402

CROP = (112, 96)


def tensors(path):
    """The f32 tensors of a safetensors file by name."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    return {
        name: torch.from_numpy(
            numpy.frombuffer(data[start + entry["data_offsets"][0] : start + entry["data_offsets"][1]], "<f4").reshape(entry["shape"]).copy())
        for name, entry in header.items()
    }


def network(stored):
    widths = [stored[f"stage{i}.conv.weight"].shape[0] for i in range(1, 5)]
    model = resface.ResFace(resface.BLOCKS[20], widths, CROP, stored["fc.weight"].shape[0], "article")
    missing, unexpected = model.load_state_dict(stored, strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        sys.exit(f"torch_embed.py: the model lacks {missing} and has {unexpected} besides")
    model.eval()
    fold_batch_norm(model)
    return model.to(memory_format=torch.channels_last)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("crops", type=pathlib.Path)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--dtype", choices=("f32", "bf16"), default="f32")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch._inductor.config.freezing = True
    dtype = torch.bfloat16 if arguments.dtype == "bf16" else torch.float32
    embed = torch.compile(network(tensors(arguments.model)).to(dtype))
    crops = torch.from_numpy(numpy.fromfile(arguments.crops, numpy.uint8).reshape(arguments.batch, *CROP, 3))
    with torch.inference_mode():
        for _ in sys.stdin:
            answer = embed(prepare(crops).to(dtype)).float().contiguous().numpy()
            sys.stdout.buffer.write(answer.astype("<f4", copy=False).tobytes())
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
