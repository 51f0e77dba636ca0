"""The program `ann` and this package make and read the same models. ANN_PROGRAM is the path of the program."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

from ann import AnnClassifier, AnnRegressor, TabularClassifier, TabularRegressor, load

PROGRAM = os.environ.get("ANN_PROGRAM")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="ANN_PROGRAM is not set; cargo xtask wheel sets it")

IRIS = load_iris(as_frame=True)
FRAME = IRIS.data.assign(species=IRIS.target_names[IRIS.target])


def run(folder, *arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], cwd=folder, check=True, capture_output=True, text=True).stdout


def read(path):
    """The rows of a file, with numbers as Python reads them: to the last bit."""
    table = pd.read_csv(path, dtype=str)
    return table.apply(lambda column: column.map(float) if column.name != "prediction" else column)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("target, estimator", [("species", TabularClassifier), ("petal width (cm)", TabularRegressor)])
def test_the_program_trains_the_same_networks(tmp_path, target, estimator, threads):
    FRAME.to_csv(tmp_path / "iris.csv", index=False)
    run(tmp_path, "train", "iris.csv", "-t", target, "-o", "model.ann", "--no-score", "--threads", 1)
    frame = pd.read_csv(tmp_path / "iris.csv")
    theirs = load(tmp_path / "model.ann")
    ours = estimator(n_jobs=threads).fit(frame.drop(columns=target), frame[target])
    assert np.array_equal(theirs.core_.parameters(), ours.core_.parameters())
    method = "predict_proba" if estimator is TabularClassifier else "predict"
    X = frame.drop(columns=target)
    assert np.array_equal(getattr(theirs, method)(X), getattr(ours, method)(X))


def test_the_program_predicts_with_our_file(tmp_path):
    X, y = FRAME.drop(columns="species"), FRAME["species"]
    X.to_csv(tmp_path / "rows.csv", index=False)
    for model in (AnnClassifier(epochs=30).fit(X, y), TabularClassifier(networks=2, epochs=10).fit(X, y)):
        model.save(tmp_path / "model.ann")
        run(tmp_path, "predict", "model.ann", "rows.csv", "--probabilities", "--keep", "none", "-o", "out.csv", "--force")
        found = read(tmp_path / "out.csv")
        assert np.array_equal(found[list(model.classes_)].to_numpy(), model.predict_proba(X))
        assert (found["prediction"] == model.predict(X)).all()
        run(tmp_path, "inspect", "model.ann")


def test_the_program_predicts_numbers_with_our_file(tmp_path):
    X, y = FRAME.drop(columns="species"), IRIS.data.to_numpy() @ [1.0, -2.0, 0.5, 3.0]
    X = 2 * X  # far from what is learned
    (2 * X).to_csv(tmp_path / "rows.csv", index=False)
    model = AnnRegressor(epochs=30).fit(X, y)
    model.save(tmp_path / "model.ann")
    run(tmp_path, "predict", "model.ann", "rows.csv", "--keep", "none", "-o", "out.csv")
    found = read(tmp_path / "out.csv")
    assert np.array_equal(found["prediction"].map(float).to_numpy(), model.predict(2 * X))


def test_the_program_finds_the_target_of_our_file(tmp_path):
    FRAME.to_csv(tmp_path / "iris.csv", index=False)
    X = FRAME.drop(columns="species")
    for model in (AnnClassifier(epochs=30), TabularClassifier(networks=2, epochs=10)):
        model.fit(X, FRAME["species"]).save(tmp_path / "model.ann")
        assert "accuracy" in run(tmp_path, "eval", "model.ann", "iris.csv")


def test_a_model_of_the_program_reads_a_frame_with_its_target(tmp_path):
    FRAME.to_csv(tmp_path / "iris.csv", index=False)
    run(tmp_path, "train", "iris.csv", "-t", "species", "-o", "model.ann", "--no-score", "--threads", 1)
    model = load(tmp_path / "model.ann")
    assert np.array_equal(model.predict_proba(FRAME), model.predict_proba(FRAME.drop(columns="species")))


def test_the_table_of_the_readme_is_read_as_the_program_reads_it(tmp_path):
    package = Path(__file__).resolve().parents[1]
    shutil.copy(package.parents[1] / "docs" / "commands" / "customers.csv", tmp_path)
    call = re.search(r"pd\.read_csv\(.*?\n\)", (package / "README.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    table = eval(call.replace('"customers.csv"', "file"), {"pd": pd, "file": tmp_path / "customers.csv"})
    train = ["train", "customers.csv", "-t", "plan", "--missing-in", "income=n.a.", "-o", "model.ann", "--no-score"]
    run(tmp_path, *train)
    run(tmp_path, "predict", "model.ann", "customers.csv", "--probabilities", "--keep", "none", "-o", "out.csv")
    ours = TabularClassifier().fit(table.drop(columns="plan"), table["plan"])
    assert np.array_equal(load(tmp_path / "model.ann").core_.parameters(), ours.core_.parameters())
    # The program writes semicolons and decimal commas if it reads them.
    out = pd.read_csv(tmp_path / "out.csv", sep=";", dtype=str)[list(ours.classes_)]
    found = out.apply(lambda column: column.str.replace(",", ".").map(float)).to_numpy()
    assert np.array_equal(found, ours.predict_proba(table.drop(columns="plan")))
