"""Probabilities of a network that has learned its rows by heart are too sure; CalibratedClassifierCV mends that.

It prints:

    log loss: 3.5... as trained, 0.6... calibrated
    calibrated probabilities are better
"""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split

from ann import AnnClassifier

X, y = make_classification(1200, n_features=10, flip_y=0.3, random_state=0)
X, X_test, y, y_test = train_test_split(X, y, random_state=0)
network = AnnClassifier(hidden=[64, 64], epochs=200, schedule="constant", weight_decay=0.0)
loss = log_loss(y_test, network.fit(X, y).predict_proba(X_test))
calibrated = CalibratedClassifierCV(network, method="sigmoid", cv=3).fit(X, y)
calibrated_loss = log_loss(y_test, calibrated.predict_proba(X_test))
print(f"log loss: {loss:.2f} as trained, {calibrated_loss:.2f} calibrated")
assert calibrated_loss < loss
print("calibrated probabilities are better")
