"""A model of words and gaps becomes a graph of ONNX, and runs where there is no ann.

It prints:

    inputs: size tensor(double), color tensor(string)
    the same class in 200 of 200 rows
    probabilities differ by less than 0.00001
"""

import numpy as np
import onnxruntime
import pandas as pd

from ann import TabularClassifier

rng = np.random.default_rng(0)
X = pd.DataFrame({"size": rng.normal(size=200), "color": rng.choice(["red", "blue"], 200)})
y = np.where((X["size"] > 0) ^ (X["color"] == "red"), "yes", "no")
X.loc[::7, "size"] = np.nan
model = TabularClassifier(networks=2, epochs=30).fit(X, y)

session = onnxruntime.InferenceSession(model.to_onnx())
print("inputs:", ", ".join(f"{tensor.name} {tensor.type}" for tensor in session.get_inputs()))
cells = {"size": X[["size"]].to_numpy(dtype=np.float64), "color": X[["color"]].to_numpy(dtype=object)}
labels, probabilities = session.run(None, cells)
print(f"the same class in {(labels.ravel() == model.predict(X)).sum()} of {len(X)} rows")
difference = np.abs(probabilities - model.predict_proba(X)).max()
assert difference < 1e-5
print("probabilities differ by less than 0.00001")
