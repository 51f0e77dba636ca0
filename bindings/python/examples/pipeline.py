"""A network behind scikit-learn's encoders. `TabularRegressor` reads the same table without them.

It prints:

    R² with ColumnTransformer: 0.99...
    R² of the table as it is: 0.99...
"""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from ann import AnnRegressor, TabularRegressor

# Rents of flats: numbers with gaps, and words.
rng = np.random.default_rng(0)
size, floor = rng.uniform(20, 120, 800), rng.integers(0, 6, 800).astype(float)
town = rng.choice(["Ljubljana", "Maribor", "Koper"], 800)
rent = (5 + 4 * (town == "Ljubljana")) * size + 10 * floor + rng.normal(0, 20, 800)
flats = pd.DataFrame({"size": size, "floor": floor, "town": town})
flats.loc[::9, "floor"] = np.nan
train, test = slice(600), slice(600, None)

# The network scales its inputs by itself, so no StandardScaler is needed.
encoders = make_column_transformer(
    (SimpleImputer(strategy="median", add_indicator=True), ["size", "floor"]),
    (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["town"]),
)
encoded = make_pipeline(encoders, AnnRegressor(hidden=[16], validation=0.2, random_state=0))
encoded.fit(flats[train], rent[train])
print(f"R² with ColumnTransformer: {encoded.score(flats[test], rent[test]):.3f}")

as_it_is = TabularRegressor(random_state=0).fit(flats[train], rent[train])
print(f"R² of the table as it is: {as_it_is.score(flats[test], rent[test]):.3f}")
