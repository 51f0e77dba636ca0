"""From a table to a checked model in a file, step by step.

It prints:

    history: the validation loss falls from 0.69 to 0.21; epoch ... is kept
    findings: none
    accuracy on other rows: 0.95...
    sets that contain the class of 95 rows in 100: 13... of 143 do
    gradients: pass
    from the file: the same probabilities
    ONNX: 143 of 143 rows have the same class
"""

import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

import ann

# A table: a frame of columns with names, and a class for each row. A quarter of the rows is for the score.
data = load_breast_cancer(as_frame=True)
X, y = data.data, data.target_names[data.target]
X, X_test, y, y_test = train_test_split(X, y, random_state=0, stratify=y)

# Nothing has to be scaled, encoded or tuned.
model = ann.TabularClassifier(random_state=1).fit(X, y)

# How the training went, network by network, and whether something about it is remarkable.
curve = model.history_[0]["validation_loss"]
best = model.history_[0]["best_epoch"]
print(f"history: the validation loss falls from {curve[0]:.2f} to {curve.min():.2f}; epoch {best} is kept")
print("findings:", "; ".join(model.findings_) or "none")

# How good the model is, on rows that it has not seen.
print(f"accuracy on other rows: {model.score(X_test, y_test):.3f}")
sets = model.predict_set(X_test, coverage=0.95)
contain = sets[np.arange(len(y_test)), np.searchsorted(model.classes_, y_test)]
print(f"sets that contain the class of 95 rows in 100: {contain.sum()} of {len(y_test)} do")

# Whether the derivatives that it was trained with are right.
print("gradients:", model.check_gradient(X, y).verdict)

# In a file, which the program `ann` reads, too.
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "cancer.ann"
    model.save(path)
    again = ann.load(path)
assert np.array_equal(again.predict_proba(X_test), model.predict_proba(X_test))
print("from the file: the same probabilities")

# In other people's programs, in single precision.
session = onnxruntime.InferenceSession(model.to_onnx())
names = [tensor.name for tensor in session.get_inputs()]
cells = {name: X_test[[name]].to_numpy(dtype=np.float64) for name in names}
labels = session.run(None, cells)[0].ravel()
print(f"ONNX: {(labels == model.predict(X_test)).sum()} of {len(y_test)} rows have the same class")
