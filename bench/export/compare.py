"""Compares what a runtime of ONNX computes with what the models of ann predict.

    python3 bench/export/compare.py RUNTIME FOLDER

The folder is written by the example `cases` of ann-export. Prints one line for each precision, and fails if a
difference is above its bar. `cargo xtask onnx` runs it for every runtime.
"""

import ctypes
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

# Probabilities; numbers in units of their standard deviation.
BARS = {"mixed": 1e-6, "f32": 1e-6, "f64 of a model in f32": 1e-6, "f64": 1e-13, "float": 2e-6, "int16": 0.05}
# Labels may differ where the two largest probabilities differ by less.
TIE = 1e-6
# The share of labels that may be wrong.
WRONG = {"int16": 0.005}
# Number of rows, and of those for what is slow.
TOTAL, FEW = 10_000, 500


def main():
    runtime, folder = RUNTIMES[sys.argv[1]](), Path(sys.argv[2])
    rows, worst, counts, failures = {}, {}, {}, []
    for case in json.loads((folder / "cases.json").read_text()):
        if case["rows"] not in rows:
            rows[case["rows"]] = Rows(folder / case["rows"], runtime.rows)
        if rows[case["rows"]].have_words and not runtime.takes_words:
            continue
        case["expected"] = np.fromfile(folder / case["expected"]).reshape(TOTAL, -1)
        for export in case[runtime.exports]:
            kind = kind_of(export, case)
            try:
                difference = compare(runtime, folder / export["file"], case, export, rows[case["rows"]])
            except Exception as error:
                failures.append(f"{export['file']}: {type(error).__name__}: {str(error)[:300]}")
                continue
            worst[kind], counts[kind] = max(worst.get(kind, 0), difference), counts.get(kind, 0) + 1
            if not difference <= BARS[kind]:
                failures.append(f"{export['file']}: the largest difference is {difference:.1e}")
    for kind, difference in worst.items():
        print(f"{runtime.version}, {kind}: {counts[kind]} {runtime.exports}, largest difference {difference:.1e}")
    if failures or not worst:
        sys.exit("\n".join([*failures[:20], f"{len(failures)} {runtime.exports} failed in {runtime.version}"]))


def kind_of(export, case):
    """A network of single precision predicts in single precision, whatever a graph does."""
    is_exact = export.get("precision") != "f64" or case["is_double"]
    return export.get("arithmetic", export.get("precision")) if is_exact else "f64 of a model in f32"


class Rows:
    """The cells of each column, as a runtime takes them."""

    def __init__(self, path, count):
        self.columns, self.count = json.loads(path.read_text()), count
        self.have_words = any(column["kind"] == "word" for column in self.columns)

    def inputs(self, graph):
        """A tensor for each column, or one matrix."""
        columns = {column["name"]: self.cells(column, graph["precision"]) for column in self.columns}
        return {"inputs": np.hstack(list(columns.values()))} if graph["is_matrix"] else columns

    def cells(self, column, precision):
        cells = column["cells"][: self.count]
        if column["kind"] == "word":
            # What is missing is empty in files, and one of these in Python.
            gaps = ["", "?", None, "nan", "None", "<NA>"]
            cells = [gaps[row % len(gaps)] if cell is None else cell for row, cell in enumerate(cells)]
            return np.array(cells, dtype=object).reshape(-1, 1)
        numbers = np.array([np.nan if cell is None else cell for cell in cells], dtype=float).reshape(-1, 1)
        return numbers.astype(np.float32) if precision == "f32" else numbers


def compare(runtime, path, case, export, rows):
    """The largest difference. A wrong label is an error."""
    expected = case["expected"][: rows.count]
    outputs = runtime.run(path, rows, export)
    if outputs is None:
        return 0
    found = np.asarray(outputs[-1], dtype=float)
    if found.shape != expected.shape:
        raise ValueError(f"found shape {found.shape}, expected {expected.shape}")
    if labels_of(case, outputs) is not None:
        labels, is_sure = expected_labels(case, expected)
        wrong = (labels != labels_of(case, outputs))[is_sure]
        if wrong.mean() > WRONG.get(export.get("arithmetic"), 0):
            raise ValueError(f"{wrong.sum()} of {wrong.size} labels are wrong")
    difference = np.abs(found - expected).max(axis=0)
    return float(np.max(difference / case["scales"] if case["scales"] else difference))


def labels_of(case, outputs):
    """The labels of a runtime, which follow from the probabilities if it has no others."""
    if len(outputs) > 1:
        return np.asarray(outputs[0], dtype=str)
    return None if case["scales"] else expected_labels(case, outputs[0])[0]


def expected_labels(case, probabilities):
    """The labels, and where they do not depend on the last digits."""
    if case["classes"]:
        ordered = np.sort(probabilities, axis=1)
        return np.array(case["classes"])[probabilities.argmax(axis=1)], ordered[:, -1] - ordered[:, -2] > TIE
    absent, present = np.array(case["labels"]).T
    return np.where(probabilities > 0.5, present, absent), np.abs(probabilities - 0.5) > TIE


class OnnxRuntime:
    rows, takes_words, exports = TOTAL, True, "graphs"

    def __init__(self):
        import onnxruntime

        self.onnxruntime = onnxruntime
        self.version = f"onnxruntime {onnxruntime.__version__}"
        onnxruntime.set_default_logger_severity(3)

    def run(self, path, rows, graph):
        session = self.onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return session.run(None, rows.inputs(graph))


class Reference:
    rows, takes_words, exports = FEW, True, "graphs"

    def __init__(self):
        import onnx
        from onnx.reference import ReferenceEvaluator

        self.evaluator = ReferenceEvaluator
        self.version = f"onnx.reference {onnx.__version__}"

    def run(self, path, rows, graph):
        inputs = rows.inputs(graph)
        # As ONNX Runtime does, it takes None as a text.
        texts = {name: cells.astype(str).astype(object) for name, cells in inputs.items() if cells.dtype == object}
        return self.evaluator(str(path)).run(None, inputs | texts)


class Checker:
    """Checks the graph instead of computing it: all of it is valid, and other programs write the same bytes."""

    rows, takes_words, exports = FEW, True, "graphs"

    def __init__(self):
        import onnx

        self.onnx = onnx
        self.version = f"onnx.checker {onnx.__version__}"

    def run(self, path, rows, graph):
        model = self.onnx.load(path)
        self.onnx.checker.check_model(model, full_check=True)
        if model.SerializeToString() != path.read_bytes():
            raise ValueError("other programs write other bytes")
        return None


class Tract:
    """Its Python package takes no texts."""

    rows, takes_words, exports = TOTAL, False, "graphs"

    def __init__(self):
        import tract

        self.tract = tract
        self.version = f"tract {tract.version()}"

    def run(self, path, rows, graph):
        model = self.tract.onnx().load(str(path)).into_model().into_runnable()
        # The first output are labels, if there are several.
        return [model.run(list(rows.inputs(graph).values()))[-1].to_numpy()]


class Compiler:
    """A C compiler, with every warning as an error; its libraries are called by ctypes."""

    rows, takes_words, exports = TOTAL, True, "headers"
    OPTIONS = "-std=c99 -O2 -Wall -Wextra -Wconversion -Wdouble-promotion -Werror -shared -fPIC".split()
    FIELDS = {"float": "f4", "double": "f8", "word": "i4", "date": "i8"}

    def __init__(self):
        self.version = subprocess.run(["cc", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]

    def run(self, path, rows, header):
        with tempfile.TemporaryDirectory() as folder:
            source, library = Path(folder, "model.c"), Path(folder, "model.so")
            source.write_text(f'''#define MODEL_SELF_TEST
#include "{path.resolve()}"
int test(void);
int test(void) {{ return model_self_test() + 1000 * (sizeof(model_row) != {self.array(rows).itemsize}); }}
void predict(const model_row *rows, int count, float *p);
void predict(const model_row *rows, int count, float *p)
{{
    for (int row = 0; row < count; row++) {{
        model_predict(rows + row, p + row * MODEL_OUTPUTS);
    }}
}}
int outputs(void);
int outputs(void) {{ return MODEL_OUTPUTS; }}
''')
            subprocess.run(["cc", *self.OPTIONS, "-o", library, source, "-lm"], check=True)
            program = ctypes.CDLL(str(library))
            if wrong := program.test():
                raise ValueError(f"the self-test finds {wrong} wrong rows")
            p, array = np.zeros((rows.count, program.outputs()), dtype=np.float32), self.array(rows)
            program.predict(array.ctypes.data_as(ctypes.c_void_p), rows.count, p.ctypes.data_as(ctypes.c_void_p))
            return [p]

    def array(self, rows):
        """The rows as an array of structs."""
        kinds = [(str(place), self.FIELDS[column["kind"]]) for place, column in enumerate(rows.columns)]
        array = np.zeros(rows.count, dtype=np.dtype(kinds, align=True))
        for place, column in enumerate(rows.columns):
            codes = {word: code for code, word in enumerate(column["categories"])}
            missing = {"word": -2, "date": np.iinfo(np.int64).min}.get(column["kind"], np.nan)
            code = (lambda cell: codes.get(cell, -1)) if column["kind"] == "word" else (lambda cell: cell)
            array[str(place)] = [missing if cell is None else code(cell) for cell in column["cells"]]
        return array


RUNTIMES = {
    "onnxruntime": OnnxRuntime, "reference": Reference, "checker": Checker, "tract": Tract, "c": Compiler,
}

if __name__ == "__main__":
    main()
