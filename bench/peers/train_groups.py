"""Measures `ann train --group-by` beside Python scripts that make a model for each group, all from start to exit.

    cargo build --release --bin ann
    target/peers/bin/python bench/peers/train_groups.py target/release/ann

The table is made here: 200 rows for each store, with two columns of numbers and two of words; each store has another
rule. All hold a fifth of the rows of each group out, train, print the median R² of the rows held out, train on all
rows, and write all models into one file. `ann` does the same for a linear model. The scripts are loops of joblib with
two processes over scikit-learn's MLPRegressor and over LightGBM, both with their defaults; `ann` uses two threads.

A script with fewer groups than `ann` shows the time for its groups, and what it would be for all of them.
"""

import argparse
import pathlib
import random
import subprocess
import sys
import tempfile
import time

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
PROMOTIONS = ["none", "flyer", "online"]
ROWS = 200


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ann", type=pathlib.Path, nargs="?", help="the program")
    parser.add_argument("--groups", type=int, default=10_000, help="number of groups for ann")
    parser.add_argument("--sklearn-groups", type=int, default=500)
    parser.add_argument("--lightgbm-groups", type=int, default=500)
    parser.add_argument("--loop", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.loop:
        return loop(*arguments.loop)
    if arguments.ann is None:
        parser.error("expected the program")
    counts = {"ann": arguments.groups, "sklearn": arguments.sklearn_groups, "lightgbm": arguments.lightgbm_groups}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        tables = {count: write_table(folder / f"{count}.csv", count) for count in set(counts.values())}
        for name, count in counts.items():
            model = folder / f"{name}.model"
            commands = {"ann": [arguments.ann.resolve(), "train", tables[count], "-t", "units", "--group-by", "store",
                                "--threads", "2", "-o", model]}
            command = commands.get(name, [sys.executable, __file__, "--loop", name, tables[count], model])
            start = time.perf_counter()
            printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            report(name, count, counts["ann"], time.perf_counter() - start, model.stat().st_size, printed)


def report(name, groups, all_groups, seconds, size, printed):
    score = next(line for line in printed.splitlines() if line.startswith(("these models", "median"))).split()
    text = f"{name:<9} {groups:>6} groups   {seconds:6.1f} s   {1e3 * seconds / groups:6.1f} ms a group"
    text += f"   {size / groups / 1e3:6.1f} kB a group   median R² {float(score[2 if name == 'ann' else 1]):.3f}"
    print(text if groups == all_groups else f"{text}   ({all_groups} groups: {seconds / groups * all_groups:.0f} s)", flush=True)


def write_table(path, groups):
    with open(path, "w") as file:
        file.write("store,price,weekday,temperature,promotion,units\n")
        for group in range(groups):
            file.writelines(rows_of(group))
    return path


def rows_of(group):
    """Sales fall with the price, more or less steeply, and depend on the day, the weather and promotions."""
    rng = random.Random(group)
    base, slope, promotion = rng.uniform(20, 200), rng.gauss(-8, 4), rng.uniform(5, 40)
    of_day = [rng.uniform(-20, 20) for _ in DAYS]
    for _ in range(ROWS):
        price, day, temperature, kind = rng.uniform(1, 9), rng.randrange(7), rng.gauss(12, 8), rng.randrange(3)
        units = base + slope * price + of_day[day] + promotion * [0, 1, 0.5][kind] * (9 - price) / 5
        units += 0.05 * (temperature - 15) ** 2 * slope / 8 + rng.gauss(0, 6)
        yield f"s{group:05},{price:.2f},{DAYS[day]},{temperature:.1f},{PROMOTIONS[kind]},{max(0, round(units))}\n"


def loop(name, table, path):
    """What an experienced user of these libraries would write."""
    import statistics

    import joblib
    import pandas as pd

    groups = [(key, rows.drop(columns="store")) for key, rows in pd.read_csv(table).groupby("store")]
    fitted = joblib.Parallel(n_jobs=2)(joblib.delayed(fit)(name, rows) for _, rows in groups)
    joblib.dump({key: model for (key, _), (model, _) in zip(groups, fitted)}, path)
    print("median", statistics.median(score for _, score in fitted))


def fit(name, rows):
    """The model of all rows, and R² of a fifth of them by a model of the others."""
    import warnings

    from sklearn.compose import make_column_transformer
    from sklearn.metrics import r2_score
    from sklearn.model_selection import train_test_split
    from sklearn.neural_network import MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    # MLPRegressor says after its 200 epochs that it could go on.
    warnings.filterwarnings("ignore")
    features, target = rows.drop(columns="units"), rows["units"]
    train, test, train_target, test_target = train_test_split(features, target, test_size=0.2, random_state=0)

    def new():
        if name == "lightgbm":
            import lightgbm

            words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
            encoding = make_column_transformer((words, ["weekday", "promotion"]), remainder="passthrough")
            return make_pipeline(encoding, lightgbm.LGBMRegressor(n_jobs=1, verbose=-1))
        encoding = make_column_transformer(
            (StandardScaler(), ["price", "temperature"]),
            (OneHotEncoder(handle_unknown="ignore"), ["weekday", "promotion"]),
        )
        return make_pipeline(encoding, MLPRegressor(random_state=0))

    score = r2_score(test_target, new().fit(train, train_target).predict(test))
    return new().fit(features, target), score


if __name__ == "__main__":
    main()
