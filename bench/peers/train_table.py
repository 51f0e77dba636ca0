"""Measures `ann train` beside a Python script that does the same with scikit-learn, both from start to exit.

    cargo build --release --bin ann
    target/peers/bin/python bench/peers/train_table.py target/release/ann

Both read a table of 1000 rows with words and missing cells, hold a fifth of the rows out, train networks with 64 and
64 units and a linear model, print how good both are on the rows held out, train on all rows, and write the model:
once with one network, and once with the mean of four, which is the default of `ann`. `ann` uses two threads.
scikit-learn trains its networks one after the other, because its processes would take longer to start; its matrix
products use all cores.
"""

import argparse
import gzip
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

TABLE = pathlib.Path(__file__).parent.parent / "tables/credit_data.csv.gz"
TARGET, ROWS = "target", 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ann", type=pathlib.Path, nargs="?", help="the program")
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--sklearn", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.sklearn:
        table, networks = arguments.sklearn
        return train_with_sklearn(table, int(networks))
    if arguments.ann is None:
        parser.error("expected the program")
    with tempfile.TemporaryDirectory() as folder:
        table = pathlib.Path(folder) / "table.csv"
        with gzip.open(TABLE, "rt") as file:
            table.write_text("".join(line for line, _ in zip(file, range(ROWS + 1))))
        for networks in [1, 4]:
            compare(arguments.ann.resolve(), table, networks, arguments.runs)


def compare(ann, table, networks, runs):
    model = table.with_name("model.ann")
    train = [ann, "train", table, "-t", TARGET, "-o", model, "--force", "--networks", str(networks)]
    commands = {
        "ann train": train,
        "scikit-learn": [sys.executable, __file__, "--sklearn", table, str(networks)],
    }
    seconds = {name: [] for name in commands}
    # The commands take turns, so that a busy moment slows down all of them alike. The first round warms up.
    for run in range(runs + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            if run > 0:
                seconds[name].append(time.perf_counter() - start)
    ours, theirs = (statistics.median(seconds[name]) for name in commands)
    print(f"networks: {networks}   ann train {ours:.3f} s   scikit-learn {theirs:.3f} s   {theirs / ours:.1f} times")


def train_with_sklearn(path, networks):
    """What an experienced user of scikit-learn would write."""
    import pickle

    import pandas as pd
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.dummy import DummyClassifier
    from sklearn.ensemble import VotingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    table = pd.read_csv(path)
    features, target = table.drop(columns=TARGET), table[TARGET]
    train, test, train_target, test_target = train_test_split(
        features, target, test_size=0.2, stratify=target, random_state=0
    )

    def pipeline(model):
        numbers = make_pipeline(SimpleImputer(), StandardScaler())
        words = OneHotEncoder(handle_unknown="ignore")
        encoding = make_column_transformer(
            (numbers, make_column_selector(dtype_include="number")),
            (words, make_column_selector(dtype_exclude="number")),
        )
        return make_pipeline(encoding, model)

    members = [MLPClassifier((64, 64), early_stopping=True, random_state=seed) for seed in range(networks)]
    network = VotingClassifier([(str(seed), member) for seed, member in enumerate(members)], voting="soft")
    network = members[0] if networks == 1 else network
    models = {"network": network, "linear": LogisticRegression(max_iter=1000), "constant": DummyClassifier()}
    for name, model in models.items():
        fitted = pipeline(model).fit(train, train_target)
        loss = log_loss(test_target, fitted.predict_proba(test), labels=fitted.classes_)
        print(f"{name:<8} accuracy {fitted.score(test, test_target):.3f}  log loss {loss:.3f}")
    with tempfile.TemporaryFile() as file:
        pickle.dump(pipeline(network).fit(features, target), file)


if __name__ == "__main__":
    main()
