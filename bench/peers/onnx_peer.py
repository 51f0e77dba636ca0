"""ONNX Runtime: inference by a graph of Gemm and activation nodes. Inputs and outputs are bound once."""

import numpy as np
import onnxruntime
from onnx import helper, numpy_helper

from workloads import OUTPUTS, Skip

VERSION = onnxruntime.__version__
ACTIVATIONS = {"sigmoid": "Sigmoid", "relu": "Relu"}


def prepare(workload, problem, threads):
    if workload.unit != OUTPUTS:
        raise Skip("it does not train")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    model = graph(workload, problem.layers).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    x = onnxruntime.OrtValue.ortvalue_from_numpy(problem.x)
    z = onnxruntime.OrtValue.ortvalue_from_shape_and_type([workload.rows, workload.widths[-1]], problem.x.dtype.type)
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", x)
    binding.bind_ortvalue_output("z", z)

    def run(calls):
        for _ in range(calls):
            session.run_with_iobinding(binding)

    run(1)
    total = float(z.numpy().sum(dtype=float))
    return [total, total], run


def graph(workload, layers):
    """x → Gemm → activation → … → Gemm → z."""
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(workload.dtype))
    nodes, constants, a = [], [], "x"
    for k, (weights, bias) in enumerate(layers, 1):
        constants += [numpy_helper.from_array(weights, f"W{k}"), numpy_helper.from_array(bias, f"b{k}")]
        last = k == len(layers)
        nodes.append(helper.make_node("Gemm", [a, f"W{k}", f"b{k}"], ["z" if last else f"z{k}"], transB=1))
        if not last:
            nodes.append(helper.make_node(ACTIVATIONS[workload.hidden], [f"z{k}"], [f"a{k}"]))
        a = f"a{k}"
    x = helper.make_tensor_value_info("x", kind, [workload.rows, workload.widths[0]])
    z = helper.make_tensor_value_info("z", kind, [workload.rows, workload.widths[-1]])
    opset = helper.make_opsetid("", 17)
    return helper.make_model(helper.make_graph(nodes, "mlp", [x], [z], constants), opset_imports=[opset], ir_version=10)
