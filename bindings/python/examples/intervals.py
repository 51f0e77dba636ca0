"""Intervals that contain nine of ten new numbers, however the noise is distributed.

It prints:

    AnnRegressor: 0.91 of the numbers are inside
    TabularRegressor: 0.90 of the numbers are inside
"""

import numpy as np

from ann import AnnRegressor, TabularRegressor

rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, (6000, 1))
y = np.sin(X[:, 0]) + rng.standard_t(3, 6000) / 5
X, X_new, y, y_new = X[:3000], X[3000:], y[:3000], y[3000:]

for model in (AnnRegressor(hidden=[16], validation=0.2), TabularRegressor(networks=2)):
    low, high = model.fit(X, y).predict_interval(X_new, coverage=0.9).T
    inside = np.mean((low <= y_new) & (y_new <= high))
    print(f"{type(model).__name__}: {inside:.2f} of the numbers are inside")
    # 600 rows decide about the width: the standard deviation is √(0.9 · 0.1 (1/600 + 1/3000)) = 0.013.
    assert 0.86 < inside < 0.94
