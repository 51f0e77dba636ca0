//! `bench/ACCURACY.md`: the last full result, for readers who do not want to measure themselves.

use std::collections::BTreeSet;

use comfy_table::presets::ASCII_MARKDOWN;

use crate::findings::{Findings, Origin};
use crate::report::{
    absence_sentences, defeat_sentences, description_table, log_loss_table, region_table, score_table,
    summary_table,
};
use crate::tables::Description;

/// The document.
pub fn document(findings: &Findings) -> String {
    let parts = [
        head(&findings.origin),
        "![The errors of other systems, divided by ours, on each table](accuracy.svg)".to_owned(),
        summaries(findings),
        format!("## Where ours is worse\n\n{DEFEATS}\n\n{}", list(&defeat_sentences(findings), "Nowhere.")),
        format!("## Accuracy and R²\n\n{SCORES}\n\n{}", score_table(findings, ASCII_MARKDOWN)),
        format!("## Log loss\n\n{LOG_LOSS}\n\n{}", log_loss_table(findings, ASCII_MARKDOWN)),
        format!("## Intervals and sets\n\n{REGIONS}\n\n{}", region_table(findings, ASCII_MARKDOWN)),
        format!("## The tables\n\n{TABLES}\n\n{}", description_table(&findings.tables, ASCII_MARKDOWN)),
        format!("## How it is measured\n\n{PROTOCOL}"),
        format!(
            "## What systems could not do\n\n{}",
            list(&absence_sentences(&findings.absences), "Every system did everything.")
        ),
    ];
    parts.join("\n\n") + "\n"
}

fn head(Origin { date, commit, machine, rust, versions }: &Origin) -> String {
    // Several systems may be parts of one library.
    let versions: BTreeSet<&str> = versions.values().map(String::as_str).collect();
    let versions: Vec<_> = versions.into_iter().collect();
    format!(
        "# Accuracy\n\nModels of public tables by our recipe (`ann_tabular::Recipe::default()`) and by other libraries with their \
         defaults, without tuning, on the same rows. The settings of our recipe were chosen on these tables, all together; those of \
         the other libraries were not. So expect a smaller lead on other tables: `cargo xtask accuracy my.csv --peers` measures \
         yours.\n\n\
         Written by `cargo xtask accuracy --peers --record` on {date} at commit {commit}: {machine}.\n{rust}; {}.\n\
         The numbers are in [accuracy.json](accuracy.json); `cargo xtask accuracy --redraw` makes this document and its picture from \
         them.",
        versions.join(", ")
    )
}

/// A summary of the shipped tables, and one of all if there are others.
fn summaries(findings: &Findings) -> String {
    let all: Vec<&Description> = findings.tables.iter().collect();
    let shipped: Vec<&Description> = all.iter().copied().filter(|table| table.shipped).collect();
    let of = |tables: &[&Description], which: &str| {
        let summary = summary_table(findings, tables, ASCII_MARKDOWN);
        format!("The {} tables {which}:\n\n{summary}", tables.len())
    };
    let mut parts =
        vec![format!("## Summary\n\n{SUMMARY}"), of(&shipped, "of [bench/tables](tables/README.md)")];
    if shipped.len() < all.len() {
        parts.push(of(&all, "of this run, with those that may not be shipped"));
    }
    parts.join("\n\n")
}

const SUMMARY: &str = "\
The error on a table is 1 − accuracy, or √(1 − R²) where numbers are predicted. *sgm* is exp(mean of ln(error + 0.01)) over the tables: \
smaller is better, and a tenth more is an error that is a tenth larger. *norm* is 1 for the best and 0 for the worst of linear, MLP, \
HistGradientBoosting and LightGBM on each table, at least −1 and at most 1.5, averaged. *rank* is the mean place. *log loss* is the mean \
over the tables of classes. *CPU s* are the seconds of the processor in one split of every table, without the start of the program.";

const DEFEATS: &str = "\
Tables on which another system has a smaller error by more than two standard errors of the difference over the same splits.";

const SCORES: &str = "Mean over the splits ± its standard error. Higher is better.";

const LOG_LOSS: &str = "\
Mean of −ln p of the true class, where p is at least 10⁻⁷. Lower is better. Tables of classes only.";

const REGIONS: &str = "\
Intervals, and sets of classes, that should contain the truth of 90% of new rows. Size is the mean width of intervals in standard \
deviations of the target, and the mean number of classes of sets. Ours come with the model, calibrated by the rows on which its members \
were validated. MAPIE's are split-conformal on HistGradientBoosting (absolute residuals; LAC), fitted to 80% of the training rows and \
calibrated by the others; its sets may be empty.";

const TABLES: &str = "Numbers and words are columns, without the one that is predicted.";

const PROTOCOL: &str = "\
- 30% of the rows are predicted, of each class the same share, by a model of the others. Five splits; three for a table of more than \
10 000 rows. Split s is `ann_train::splits::hold_out` with seed s. The program writes the numbers of the rows to a file, which all \
systems read; each answer repeats the targets of its rows, and is refused if they are others.
- All systems are judged by the same code, from their probabilities or numbers. Each gets the number of the split as its seed, and one \
thread.
- linear: `LogisticRegression` (at most 1 000 iterations) or `Ridge`; MLP: `MLPClassifier` or `MLPRegressor`, the target standardised. \
For both, numbers are standardised, gaps filled with the median, words one-hot.
- HistGradientBoosting, LightGBM and, where asked for, CatBoost, RealMLP and TabM (package pytabkit) get words as categories. All other \
settings are the libraries' defaults. [peers/tables.py](peers/tables.py) has the code.";

fn list(lines: &[String], otherwise: &str) -> String {
    let lines: Vec<_> = lines.iter().map(|line| format!("- {line}")).collect();
    if lines.is_empty() { otherwise.to_owned() } else { lines.join("\n") }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use ann_bench::absence::Absence;

    use super::*;
    use crate::score::{Regions, Score};

    #[test]
    fn a_result_has_summaries_tables_defeats_and_absences() {
        let table = |name: &str, classes, shipped| {
            let (name, rows, numbers) = (name.to_owned(), 100, 4);
            Description { name, rows, numbers, classes, shipped, ..Description::default() }
        };
        let score = |system: &str, table: &str, split, score| {
            let regions = (system == "ann").then_some(Regions { coverage: 0.9, size: 1.25 });
            let (system, table) = (system.to_owned(), table.to_owned());
            Score { system, table, split, score, log_loss: None, regions, cpu: None }
        };
        let findings = Findings {
            origin: Origin { date: "2026-02-28".to_owned(), ..Origin::default() },
            tables: vec![table("flowers", Some(3), true), table("homes", None, false)],
            scores: vec![
                score("ann", "flowers", 0, 0.9),
                score("linear", "flowers", 0, 0.8),
                score("ann", "homes", 0, 0.75),
                score("ann", "homes", 1, 0.75),
                score("linear", "homes", 0, 0.84),
                score("linear", "homes", 1, 0.84),
            ],
            absences: vec![Absence::everywhere("MLP", "no module".to_owned())],
        };
        let document = document(&findings);
        for part in [
            "\n# Accuracy\n",
            " on 2026-02-28 at commit ",
            "\nThe 1 tables of [bench/tables](tables/README.md):\n",
            // 0.1 + 0.01, and 0.2 + 0.01
            "\n| ann    |        0.1100 |        - | 1.500 | 1.00 |               - |\n",
            "\n| linear |        0.2100 |        - | 1.000 | 2.00 |               - |\n",
            "\nThe 2 tables of this run, with those that may not be shipped:\n",
            "\n- homes: linear's error is smaller by 0.1000 ± 0.0000.\n",
            "\n| flowers |          0.9000 |          0.8000 |\n",
            "\n| homes   | 0.7500 ± 0.0000 | 0.8400 ± 0.0000 |\n",
            "\n| flowers |      sets |         0.900 |      1.25 |\n",
            "\n| homes   |  100 |       4 |     0 |  a number |              no |\n",
            "\n- MLP (all): no module\n",
        ] {
            assert!(format!("\n{document}").contains(part), "no {part:?} in\n{document}");
        }
    }

    #[test]
    fn the_committed_document_is_made_of_the_committed_findings() {
        let bench = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let findings = Findings::read(&bench.join("accuracy.json")).unwrap();
        let committed = fs::read_to_string(bench.join("ACCURACY.md")).unwrap();
        assert!(
            document(&findings) == committed,
            "`cargo xtask accuracy --redraw` writes another ACCURACY.md"
        );
    }
}
