"""Times ONNX Runtime's static int8 on an exported network: per-channel weights, u8 activations, as QOperator and as QDQ.

The activations are calibrated on drawn pictures: their ranges change no time. Prints one JSON line for each form and batch:

    {"rival": "onnxruntime", "dtype": "int8 QDQ", "batch": 8, "threads": 2, "milliseconds": [median, least, most], ...}
"""

import argparse
import json
import os
import pathlib
import statistics
import tempfile
import time

import numpy
import onnxruntime
from onnxruntime import quantization
from onnxruntime.quantization import shape_inference


class DrawnPictures(quantization.CalibrationDataReader):
    def __init__(self, size):
        random = numpy.random.default_rng(1)
        self.left = [random.uniform(-1, 1, (4, 3, *size)).astype(numpy.float32) for _ in range(2)]

    def get_next(self):
        return {"images": self.left.pop()} if self.left else None


def quantize(source, target, form, size):
    prepared = f"{target}.prepared"
    shape_inference.quant_pre_process(str(source), prepared)
    quantization.quantize_static(
        prepared, target, DrawnPictures(size), quant_format=quantization.QuantFormat[form], per_channel=True,
        activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)


def seconds_of(session, feed, seconds):
    times = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        session.run(None, feed)
        times.append(time.perf_counter() - start)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, help="f32 ONNX file with normalized input")
    parser.add_argument("--crop", default="112x96")
    parser.add_argument("--batches", default="1,8,32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=2, help="of each figure, and of warming up")
    arguments = parser.parse_args()
    size = tuple(int(side) for side in arguments.crop.split("x"))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = arguments.threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # spinning threads take the cores of whoever comes next
    with tempfile.TemporaryDirectory() as folder:
        for form in ("QOperator", "QDQ"):
            file = os.path.join(folder, f"{form}.onnx")
            quantize(arguments.model, file, form, size)
            session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
            for batch in map(int, arguments.batches.split(",")):
                feed = {"images": numpy.random.default_rng(2).uniform(-1, 1, (batch, 3, *size)).astype(numpy.float32)}
                seconds_of(session, feed, arguments.seconds)
                times = seconds_of(session, feed, arguments.seconds)
                median = statistics.median(times)
                print(json.dumps({
                    "rival": f"onnxruntime {onnxruntime.__version__}", "name": "resface20", "dtype": f"int8 {form}", "batch": batch,
                    "threads": arguments.threads, "milliseconds": [round(1e3 * t, 3) for t in (median, min(times), max(times))],
                    "images_per_second": round(batch / median, 1)}), flush=True)


main()
