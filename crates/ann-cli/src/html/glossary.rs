//! What the words of a page mean: one sentence for each that the page shows, for readers who see them for the
//! first time.

use ann_tabular::Score;

use super::markup::{Html, section, table};

/// What a page shows beside scores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub coverage: bool,
    pub calibration: bool,
    pub importance: bool,
}

/// Names of scores as [`Score::entries`] begins them.
const SCORES: [(&str, &str); 7] = [
    ("accuracy", "The share of the rows whose most probable class is the true one."),
    (
        "balanced accuracy",
        "The mean of the accuracies of the classes, so that rare classes count as much as frequent ones.",
    ),
    (
        "log loss",
        "How far the probabilities are from the truth: 0 is perfect, and a true class with a small probability \
         costs most.",
    ),
    (
        "ROC AUC",
        "How often a row of the second class has a higher probability of it than a row of the first class: 1 is \
         perfect, 0.5 is chance.",
    ),
    (
        "R²",
        "The share of the differences between the true numbers that the predictions explain: 1 is perfect, 0 is \
         as good as always the mean.",
    ),
    (
        "RMSE",
        "The root of the mean squared error, in the unit of the column: a typical error, in which large errors \
         count more.",
    ),
    ("MAE", "The mean absolute error, in the unit of the column: how far a prediction is off in the mean."),
];

/// The same names in the scores of labels, each of which a row has or does not have.
const SCORES_OF_LABELS: [(&str, &str); 4] = [
    (
        "accuracy",
        "The share of the rows of which it is predicted rightly whether they have the label: that is predicted if \
         its probability is above 0.5.",
    ),
    (
        "balanced accuracy",
        "The mean of the accuracies of the rows with the label and of those without, so that a rare label counts \
         as much as a frequent one.",
    ),
    (
        "log loss",
        "How far the probabilities of the label are from the truth: 0 is perfect, and a row whose true answer had \
         a small probability costs most.",
    ),
    (
        "ROC AUC",
        "How often a row with the label has a higher probability of it than a row without: 1 is perfect, 0.5 is \
         chance.",
    ),
];

const STANDARD_ERROR: (&str, &str) = (
    "± (standard error)",
    "How much a number would change with other rows of the same kind: in about 95 of 100 cases by less than \
     twice this.",
);
const COVERAGE: (&str, &str) =
    ("coverage", "How often the truth is in the predicted interval, or in the predicted set of classes.");
const CALIBRATION: (&str, &str) = (
    "calibration",
    "Whether what is predicted with a probability of 70 % happens in 70 % of such rows, and so on for all \
     probabilities.",
);
const IMPORTANCE: (&str, &str) = (
    "importance",
    "By how much accuracy or R² is lower if the cells of a column are shuffled, so that they say nothing.",
);

/// The section; nothing if the page shows none of the words.
pub fn glossary(scores: &[(String, &Score)], shown: Shown) -> Html {
    let lines = terms(scores, shown).into_iter().map(|(term, meaning)| vec![term.into(), meaning.into()]);
    let lines: Vec<_> = lines.collect();
    if lines.is_empty() { Html::default() } else { section("What the words mean", table([], lines)) }
}

fn terms(scores: &[(String, &Score)], shown: Shown) -> Vec<(&'static str, &'static str)> {
    let names: Vec<String> =
        scores.iter().flat_map(|(_, score)| score.entries()).map(|(name, _)| name).collect();
    let is_named = |(term, _): &(&str, &str)| {
        // Of several columns the name of the column follows.
        names.iter().any(|name| name == term || name.starts_with(&format!("{term} ")))
    };
    let others = [
        (!names.is_empty(), STANDARD_ERROR),
        (shown.coverage, COVERAGE),
        (shown.calibration, CALIBRATION),
        (shown.importance, IMPORTANCE),
    ];
    let others = others.into_iter().filter_map(|(is_shown, term)| is_shown.then_some(term));
    let are_labels = scores.iter().any(|(_, score)| matches!(score, Score::Labels(_)));
    let scores = if are_labels { &SCORES_OF_LABELS[..] } else { &SCORES };
    scores.iter().copied().filter(is_named).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use ann_tabular::{ClassScore, Estimate, LabelScore, NumberScore};

    use super::*;

    const ONE: Estimate = Estimate { value: 1.0, standard_error: 0.0 };

    #[test]
    fn only_what_is_shown_is_explained() {
        let of_classes = |roc_auc| {
            Score::Classes(ClassScore { accuracy: ONE, balanced_accuracy: ONE, log_loss: ONE, roc_auc })
        };
        let number = |column: &str, r_squared| NumberScore {
            column: column.into(),
            r_squared,
            rmse: ONE,
            mean_absolute_error: ONE,
        };
        let (none, all) = (Shown::default(), Shown { coverage: true, calibration: true, importance: true });
        let error = STANDARD_ERROR.0;
        for (score, shown, expected) in [
            (of_classes(None), none, &["accuracy", "balanced accuracy", "log loss", error][..]),
            (
                of_classes(Some(ONE)),
                Shown { calibration: true, ..none },
                &["accuracy", "balanced accuracy", "log loss", "ROC AUC", error, "calibration"],
            ),
            (Score::Numbers(vec![number("y", None)]), none, &["RMSE", "MAE", error]),
            (
                Score::Numbers(vec![number("y", Some(ONE)), number("z", Some(ONE))]),
                all,
                &["R²", "RMSE", "MAE", error, "coverage", "calibration", "importance"],
            ),
        ] {
            let found: Vec<&str> =
                terms(&[(String::new(), &score)], shown).into_iter().map(|(term, _)| term).collect();
            assert_eq!(found, expected);
        }
        assert_eq!(glossary(&[], none), Html::default());
    }

    #[test]
    fn labels_have_their_own_sentences() {
        let score = ClassScore { accuracy: ONE, balanced_accuracy: ONE, log_loss: ONE, roc_auc: Some(ONE) };
        let labels = Score::Labels(vec![LabelScore { column: "spam".into(), score }]);
        let of = |score: &Score| {
            let found = terms(&[(String::new(), score)], Shown::default());
            found.into_iter().filter(|(term, _)| *term != STANDARD_ERROR.0).collect::<Vec<_>>()
        };
        let (of_labels, of_classes) = (of(&labels), of(&Score::Classes(score)));
        let names =
            |terms: &[(&'static str, &'static str)]| terms.iter().map(|(term, _)| *term).collect::<Vec<_>>();
        assert_eq!(names(&of_labels), names(&of_classes));
        for (term, meaning) in of_labels {
            assert!(meaning.contains("label") && !meaning.contains("class"), "{term}: {meaning}");
        }
    }
}
