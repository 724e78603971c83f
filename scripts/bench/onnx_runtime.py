"""Times ONNX Runtime on the networks of `crates/nn/examples/prediction.rs`: Gemm and Sigmoid, float32, CPU.

    python3 -m venv target/onnx && target/onnx/bin/pip install onnxruntime onnx numpy
    target/onnx/bin/python scripts/bench/onnx_runtime.py [NAME] [THREADS]
    cargo run --release -q -p chainrule-nn --example prediction -- [NAME] [THREADS]

Prints one line of JSON for each network and number of rows: `us` is the median of a call, `us_best` the fastest. Run both beside each other on an idle
machine, and compare ratios.
"""

import json
import sys
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

NAME = sys.argv[1] if len(sys.argv) > 1 else "all"
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
NETWORKS = {
    "tiny": [30, 16, 8, 1],
    "small": [100, 64, 32, 1],
    "medium": [28, 256, 256, 1],
    "wide": [784, 1024, 1024, 1],
}
ROWS = [1, 64, 1024, 20_000, 100_000]


def session(sizes):
    """A session of one network, weights Xavier-uniform."""
    random = np.random.default_rng(7)
    nodes, weights, a = [], [], "x"
    for layer, (inputs, units) in enumerate(zip(sizes, sizes[1:]), 1):
        limit = (6 / (inputs + units)) ** 0.5
        w = random.uniform(-limit, limit, (units, inputs)).astype(np.float32)
        weights.append(numpy_helper.from_array(w, f"W{layer}"))
        weights.append(numpy_helper.from_array(np.zeros(units, np.float32), f"b{layer}"))
        nodes.append(helper.make_node("Gemm", [a, f"W{layer}", f"b{layer}"], [f"z{layer}"], transB=1))
        nodes.append(helper.make_node("Sigmoid", [f"z{layer}"], [f"a{layer}"]))
        a = f"a{layer}"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", sizes[0]])
    y = helper.make_tensor_value_info(a, TensorProto.FLOAT, ["rows", 1])
    graph = helper.make_graph(nodes, "network", [x], [y], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    return ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def main():
    for name, sizes in NETWORKS.items():
        if NAME not in (name, "all"):
            continue
        run = session(sizes).run
        for rows in ROWS:
            x = ((np.arange(rows * sizes[0]) % 23) * 0.1 - 1.1).astype(np.float32).reshape(rows, sizes[0])
            times, begun = [], time.perf_counter()
            while len(times) < 3 or (time.perf_counter() - begun < 1 and len(times) < 100_000):
                started = time.perf_counter()
                run(None, {"x": x})
                times.append((time.perf_counter() - started) * 1e6)
            times.sort()
            line = {
                "network": name,
                "onnxruntime": ort.__version__,
                "threads": THREADS,
                "rows": rows,
                "us": round(times[len(times) // 2], 2),
                "us_best": round(times[0], 2),
            }
            print(json.dumps(line), flush=True)


main()
