"""Records what scikit-learn's metrics are for random inputs, so that a Rust program can be compared with them.

Inputs are made by a small portable generator (SplitMix64), so only results are written. `tests/metrics_reference.rs`
makes the same inputs: each draw here has its draw there, in the same order.
"""

import argparse
import csv
import json
import platform
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

HERE = Path(__file__).resolve().parent
CASES = 300  # of each kind


class Generator:
    """SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014)."""

    MASK = (1 << 64) - 1

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & self.MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & self.MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & self.MASK
        return z ^ (z >> 31)

    def below(self, limit):
        return self.next() % limit

    def unit(self):
        """From 0 to 1, 1 excluded."""
        return (self.next() >> 11) * 2.0**-53

    def tied_unit(self, ties):
        """From 0 to 1: any number, eighths or hundredths."""
        if ties == 0:
            return self.unit()
        if ties == 1:
            return self.below(9) / 8
        return self.below(101) / 100

    def weights(self, rows, kind):
        """None; eighths, many of them 0; any numbers.  The first rows, which make sure that a metric is defined, have weight 1."""
        first = 6
        if kind == 0:
            return None
        if kind == 1:
            weights = [max(self.below(12) - 3, 0) / 8 for _ in range(rows)]
        else:
            weights = [self.unit() for _ in range(rows)]
        return np.array([1.0] * min(first, rows) + weights[first:])


def copies(weights, rows):
    """How often each row is repeated, in place of its weight: None if that is no integer."""
    if weights is None:
        return np.ones(rows, dtype=int)
    eighths = weights * 8
    return eighths.astype(int) if np.all(eighths == np.floor(eighths)) else None


def labels(case):
    g = Generator(1_000 + case)
    rows, classes, kind = 1 + g.below(40), 2 + g.below(4), g.below(3)
    missing = g.below(2 * classes)  # half of the time no class is missing
    truth, predicted = [], []
    for _ in range(rows):
        t = g.below(classes)
        truth.append((t + 1) % classes if t == missing else t)
        guess = g.below(classes)
        predicted.append(truth[-1] if g.below(10) < 5 else guess)
    w = g.weights(rows, kind)
    # A class that occurs only with weight 0 does not occur: scikit-learn's F1 would count it as a class with F1 = 0.
    counts = [row for row in range(rows) if w is None or w[row] > 0]
    present = sorted({c[row] for row in counts for c in (truth, predicted)})

    def f1(average):
        return metrics.f1_score(truth, predicted, labels=present, average=average, sample_weight=w, zero_division=0)

    confusion = metrics.confusion_matrix(truth, predicted, labels=range(classes), sample_weight=w)
    return {
        "accuracy": metrics.accuracy_score(truth, predicted, sample_weight=w),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, predicted, sample_weight=w),
        "f1_macro": f1("macro"),
        "f1_micro": f1("micro"),
        "f1_weighted": f1("weighted"),
        "matthews": metrics.matthews_corrcoef(truth, predicted, sample_weight=w),
        "confusion": confusion.ravel(),
    }


def curve(happened, probability, repeated, bins, strategy):
    """Frequencies, then probabilities, of the bins that are not empty."""
    happened, probability = np.repeat(happened, repeated), np.repeat(probability, repeated)
    frequencies, probabilities = calibration_curve(happened, probability, pos_label=1, n_bins=bins, strategy=strategy)
    return np.concatenate([frequencies, probabilities])


def calibration_error(happened, probability, repeated, bins):
    """scikit-learn has none: the bins of its `calibration_curve`, weighted by their number of rows."""
    frequencies, probabilities = np.split(curve(happened, probability, repeated, bins, "uniform"), 2)
    borders = np.linspace(0, 1, bins + 1)[1:-1]
    sizes = np.bincount(np.searchsorted(borders, np.repeat(probability, repeated)), minlength=bins)
    sizes = sizes[sizes > 0]
    return np.sum(sizes * np.abs(frequencies - probabilities)) / np.sum(sizes)


def binary(case):
    g = Generator(2_000 + case)
    rows, ties, kind, bins, quantiles = 2 + g.below(40), g.below(3), g.below(3), 1 + g.below(10), 2 ** g.below(4)
    p = np.array([g.tied_unit(ties) for _ in range(rows)])
    y = np.array([int(g.unit() < p[row]) for row in range(rows)])
    y[0], y[1] = 0, 1
    w = g.weights(rows, kind)
    repeated = copies(w, rows)
    return {
        "log_loss": metrics.log_loss(y, p, sample_weight=w, labels=[0, 1]),
        "brier": metrics.brier_score_loss(y, p, sample_weight=w, labels=[0, 1]),
        "roc_auc": metrics.roc_auc_score(y, p, sample_weight=w),
        "average_precision": metrics.average_precision_score(y, p, sample_weight=w),
        "calibration_error": None if repeated is None else calibration_error(y, p, repeated, bins),
        "equal_width": None if repeated is None else curve(y, p, repeated, bins, "uniform"),
        # Quantiles are those of rows without weights.
        "quantile": curve(y, p, repeated, quantiles, "quantile") if w is None else None,
    }


def multiclass(case):
    g = Generator(3_000 + case)
    classes = 3 + g.below(3)
    rows, ties, kind, bins = 6 + g.below(40), g.below(2), g.below(3), 1 + g.below(10)
    missing = g.below(4 * classes)  # three times in four no class is missing
    y, p = [], []
    for row in range(rows):
        drawn = g.below(classes)
        # The first rows have all classes.
        t = row if row < classes else drawn
        y.append((t + 1) % classes if t == missing else t)
        raw = [g.unit() if ties == 0 else float(g.below(5)) for _ in range(classes)]
        raw[y[-1]] += 0.5
        total = 0.0
        for value in raw:
            total += value
        p.append([value / total for value in raw])
    y, p = np.array(y), np.array(p)
    w = g.weights(rows, kind)
    repeated = copies(w, rows)

    def auc(average):
        value = metrics.roc_auc_score(
            y, p, labels=range(classes), multi_class="ovr", average=average, sample_weight=w
        )
        return None if np.isnan(value) else value

    happened, probability = (np.argmax(p, axis=1) == y).astype(int), np.max(p, axis=1)
    return {
        "log_loss": metrics.log_loss(y, p, sample_weight=w, labels=range(classes)),
        "brier": metrics.brier_score_loss(y, p, sample_weight=w, labels=range(classes)),
        "roc_auc_macro": auc("macro"),
        "roc_auc_weighted": auc("weighted"),
        "roc_auc_micro": auc("micro"),
        "calibration_error": None if repeated is None else calibration_error(happened, probability, repeated, bins),
    }


def regression(case):
    g = Generator(4_000 + case)
    rows, outputs, ties, kind, alpha = 2 + g.below(40), 1 + g.below(3), g.below(2), g.below(3), g.below(11) / 10
    # Constant targets, for which R² is 0 or, if they are hit, 1.  Not with any weights: their mean would be rounded.
    constant = g.below(8) if kind < 2 else 8
    y, prediction = np.empty((rows, outputs)), np.empty((rows, outputs))
    for row in range(rows):
        for k in range(outputs):
            y[row, k] = g.below(21) / 4 if ties == 1 else 10 * g.unit()
            prediction[row, k] = (g.below(21) + 1) / 4 if ties == 1 else 10 * g.unit() + 0.01
    y[1] = y[0] + 1
    if constant < 2:
        y[:, 0] = 2
    if constant == 1:
        prediction[:, 0] = 2
    w = g.weights(rows, kind)
    poisson = [metrics.mean_poisson_deviance(y[:, k], prediction[:, k], sample_weight=w) for k in range(outputs)]
    covered = np.mean((prediction - 1.5 <= y) & (y <= prediction + 1.5), axis=1)
    return {
        "r_squared": metrics.r2_score(y, prediction, sample_weight=w),
        "rmse": metrics.root_mean_squared_error(y, prediction, sample_weight=w),
        "mean_absolute_error": metrics.mean_absolute_error(y, prediction, sample_weight=w),
        "median_absolute_error": metrics.median_absolute_error(y, prediction, sample_weight=w),
        "pinball": metrics.mean_pinball_loss(y, prediction, alpha=alpha, sample_weight=w),
        "poisson": np.mean(poisson),
        "coverage": np.average(covered, weights=w),
    }


def text(value):
    """Numbers with as many digits as they need to be read back as the same float64; lists with semicolons; None is empty."""
    if value is None:
        return ""
    if isinstance(value, np.ndarray):
        return ";".join(text(number) for number in value)
    return repr(float(value)).removesuffix(".0")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    out = parser.parse_args().out
    # scikit-learn warns where a metric is undefined, or a class has no row: some cases are made for that.
    warnings.simplefilter("ignore")
    for kind in (labels, binary, multiclass, regression):
        with open(out / f"{kind.__name__}.csv", "w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for case in range(CASES):
                results = kind(case)
                if case == 0:
                    writer.writerow(["case", *results])
                writer.writerow([case, *map(text, results.values())])
    versions = {
        "python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.machine()} {platform.system().lower()}",
    }
    (out / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
