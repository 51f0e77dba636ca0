"""Fits one library to the tables of `cargo xtask accuracy`; README.md describes the protocol.

    python3 bench/peers/tables.py SYSTEM

reads `fit FILE` from standard input and answers each with one line of JSON.
"""

import argparse
import json
import os
import sys
import warnings

# Each system gets one thread. Libraries read these variables when they are imported.
for variable in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[variable] = "1"

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# The share of rows whose truth intervals and sets should contain; the share of the training rows that calibrates.
LEVEL, CALIBRATION = 0.9, 0.2

# scikit-learn's MLP stops after 200 epochs, which is its default, and says so each time.
warnings.simplefilter("ignore")


def main():
    arguments = parse_arguments()
    system = SYSTEMS[arguments.system]()
    answer({"peer": arguments.system, "version": system.version})
    for line in sys.stdin:
        command, path = line.rstrip("\n").split(" ", 1)
        if command != "fit":
            sys.exit(f"found {line!r}, expected `fit FILE`")
        with open(path) as file:
            assignment = Assignment(json.load(file))
        try:
            answer(system.work(assignment))
        except Exception as error:
            answer({"skip": f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"})


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("system", choices=SYSTEMS)
    return parser.parse_args()


def answer(message):
    print(json.dumps(message, allow_nan=False), flush=True)


class Assignment:
    """Rows to train on and rows to predict: features as a data frame whose words are categories, targets as an
    array of texts or numbers.
    """

    def __init__(self, fields):
        self.classes, self.seed, self.target = fields["classes"], fields["seed"], fields["target"]
        texts = {name: str for name in [*fields["words"], self.target]}
        # Only an empty cell is missing; "NA" is a word.
        frame = pd.read_csv(fields["copy"], dtype=texts, keep_default_na=False, na_values=[""])
        features = frame.drop(columns=self.target)
        self.words = [name in fields["words"] for name in features]
        # LightGBM does not take every name.
        features.columns = [f"x{column}" for column in range(features.shape[1])]
        for name in features.columns[self.words]:
            features[name] = features[name].astype(object).astype("category")
        for name in features.columns[~np.array(self.words)]:
            features[name] = features[name].astype(float)
        targets = frame[self.target].to_numpy(dtype=object)
        train, test = fields["train"], fields["test"]
        self.truth = list(targets[test])
        self.x, self.x_test = features.iloc[train], features.iloc[test]
        self.y = targets[train] if self.classes else targets[train].astype(float)


class Estimator:
    """A library with the interface of scikit-learn. `classifier` and `regressor` make an estimator for an
    assignment.
    """

    version = f"scikit-learn {sklearn.__version__}"

    def model(self, assignment):
        return self.classifier(assignment) if assignment.classes else self.regressor(assignment)

    def work(self, assignment):
        x, x_test = self.inputs(assignment)
        model = self.model(assignment).fit(x, assignment.y)
        if not assignment.classes:
            values = np.asarray(model.predict(x_test), dtype=float).reshape(-1, 1)
            return {"truth": assignment.truth, "values": values.tolist()}
        values = np.asarray(model.predict_proba(x_test), dtype=float).tolist()
        return {"truth": assignment.truth, "classes": [str(name) for name in model.classes_], "values": values}

    def inputs(self, assignment):
        return assignment.x, assignment.x_test


def encoded(assignment, model):
    """A model behind the usual encoding: numbers standardised, gaps filled with the median, words one-hot."""
    names = np.array(assignment.x.columns)
    words = np.array(assignment.words, dtype=bool)
    encoding = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), list(names[~words])),
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(names[words])),
    )
    return make_pipeline(encoding, model)


class Linear(Estimator):
    def classifier(self, assignment):
        return encoded(assignment, LogisticRegression(max_iter=1000))

    def regressor(self, assignment):
        return encoded(assignment, Ridge())


class Mlp(Estimator):
    def classifier(self, assignment):
        return encoded(assignment, MLPClassifier(random_state=assignment.seed))

    def regressor(self, assignment):
        mlp = encoded(assignment, MLPRegressor(random_state=assignment.seed))
        return TransformedTargetRegressor(mlp, transformer=StandardScaler())


class HistGradientBoosting(Estimator):
    def classifier(self, assignment):
        return HistGradientBoostingClassifier(categorical_features=assignment.words, random_state=assignment.seed)

    def regressor(self, assignment):
        return HistGradientBoostingRegressor(categorical_features=assignment.words, random_state=assignment.seed)

    def inputs(self, assignment):
        """Words as numbers of categories, because MAPIE tries its model on zeros."""
        return [x.apply(codes).to_numpy(dtype=float) for x in (assignment.x, assignment.x_test)]


def codes(column):
    if column.dtype != "category":
        return column
    return column.cat.codes.astype(float).where(column.notna())


class LightGbm(Estimator):
    def __init__(self):
        import lightgbm

        self.library, self.version = lightgbm, f"lightgbm {lightgbm.__version__}"

    def classifier(self, assignment):
        return self.library.LGBMClassifier(n_jobs=1, verbosity=-1, random_state=assignment.seed)

    def regressor(self, assignment):
        return self.library.LGBMRegressor(n_jobs=1, verbosity=-1, random_state=assignment.seed)


class CatBoost(Estimator):
    def __init__(self):
        import catboost

        self.library, self.version = catboost, f"catboost {catboost.__version__}"

    def classifier(self, assignment):
        return self.library.CatBoostClassifier(**self.settings(assignment))

    def regressor(self, assignment):
        return self.library.CatBoostRegressor(**self.settings(assignment))

    def settings(self, assignment):
        words = [column for column, is_word in enumerate(assignment.words) if is_word]
        return dict(
            cat_features=words, thread_count=1, random_seed=assignment.seed, verbose=False, allow_writing_files=False
        )

    def inputs(self, assignment):
        return [with_known_words(assignment, x) for x in (assignment.x, assignment.x_test)]


def with_known_words(assignment, x):
    """A missing word as a word, because some libraries take no gap among words."""
    x = x.copy()
    for name in x.columns[assignment.words]:
        x[name] = x[name].astype(object).where(x[name].notna(), "missing")
    return x


class Pytabkit(Estimator):
    def __init__(self, classifier, regressor):
        import pytabkit
        from importlib.metadata import version

        self.version = "pytabkit " + version("pytabkit")
        self.classifier = lambda assignment: getattr(pytabkit, classifier)(**self.settings(assignment))
        self.regressor = lambda assignment: getattr(pytabkit, regressor)(**self.settings(assignment))

    def settings(self, assignment):
        return dict(device="cpu", n_threads=1, random_state=assignment.seed, verbosity=0)

    def inputs(self, assignment):
        """Gaps among numbers filled with the median, which these libraries leave to their users."""
        medians = assignment.x.median(numeric_only=True)
        return [with_known_words(assignment, x).fillna(medians) for x in (assignment.x, assignment.x_test)]


class Mapie(HistGradientBoosting):
    """Intervals and sets by split-conformal prediction on HistGradientBoosting."""

    def __init__(self):
        from importlib.metadata import version

        from mapie.classification import SplitConformalClassifier
        from mapie.regression import SplitConformalRegressor

        self.version = "mapie " + version("mapie")
        self.conformal = {True: SplitConformalClassifier, False: SplitConformalRegressor}

    def work(self, assignment):
        inputs, x_test = self.inputs(assignment)
        x, x_held, y, y_held = train_test_split(
            inputs,
            assignment.y,
            test_size=CALIBRATION,
            random_state=assignment.seed,
            stratify=assignment.y if assignment.classes else None,
        )
        model = self.model(assignment).fit(x, y)
        conformal = self.conformal[assignment.classes](model, confidence_level=LEVEL, prefit=True)
        conformal.conformalize(x_held, y_held)
        if assignment.classes:
            values = model.predict_proba(x_test)
            sets = conformal.predict_set(x_test)[1][:, :, 0]
            found = {"classes": [str(name) for name in model.classes_], "sets": sets.astype(bool).tolist()}
        else:
            predictions, intervals = conformal.predict_interval(x_test)
            values, found = predictions.reshape(-1, 1), {"intervals": intervals[:, :, 0].tolist()}
        return {"truth": assignment.truth, "values": values.tolist(), **found}


SYSTEMS = {
    "linear": Linear,
    "MLP": Mlp,
    "HistGradientBoosting": HistGradientBoosting,
    "LightGBM": LightGbm,
    "CatBoost": CatBoost,
    "RealMLP": lambda: Pytabkit("RealMLP_TD_Classifier", "RealMLP_TD_Regressor"),
    "TabM": lambda: Pytabkit("TabM_D_Classifier", "TabM_D_Regressor"),
    "MAPIE": Mapie,
}

if __name__ == "__main__":
    main()
