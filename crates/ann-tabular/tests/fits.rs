//! Fits for tests.

use ann_tabular::{Evaluation, Fit, Recipe, Table};

/// Half of the epochs, and no more of them for few rows, so that tests take less time.
pub fn recipe() -> Recipe {
    Recipe { epochs: 32, least_updates: 0, ..Recipe::default() }
}

pub fn fit(recipe: &Recipe, table: &Table, target: &str) -> Fit {
    recipe.fit(table, target).unwrap()
}

pub fn evaluation(fit: &Fit) -> &Evaluation {
    fit.report.evaluation.as_ref().unwrap()
}
