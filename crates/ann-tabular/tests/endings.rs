//! Fits that end early: because their caller wants it, or to stay in a budget.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use ann_tabular::ann_core::Activation;
use ann_tabular::{NoScore, Recipe, Scoring, Stage};

use crate::fits::{fit, recipe};
use crate::tables::noisy;

#[test]
fn a_caller_ends_the_fit() {
    let table = noisy(300, 1);
    let stop = |progress: &ann_tabular::Progress| {
        if progress.epoch < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let fit = recipe().fit_observed(&table, "label", stop).unwrap();
    assert_eq!(fit.report.evaluation, Err(NoScore::Ended));
    assert_eq!(fit.model.networks().len(), 1);
    let error = ann_tabular::rebuild(&fit.model, &table, 1).unwrap_err().to_string();
    assert!(error.contains("ended early"), "{error}");
    // After that, the model is whole.
    let later = |progress: &ann_tabular::Progress| match progress.stage {
        Stage::Model => ControlFlow::Continue(()),
        Stage::Score { .. } | Stage::Linear { .. } => ControlFlow::Break(()),
    };
    assert_eq!(recipe().fit_observed(&table, "label", later).unwrap().model.networks().len(), 4);
}

/// The third epoch has begun when the interrupt is set, so it is not seen.
#[test]
fn an_interrupt_ends_the_fit_within_an_epoch() {
    let table = noisy(300, 1);
    let (interrupt, seen) = (AtomicBool::new(false), AtomicUsize::new(0));
    let observe = |progress: &ann_tabular::Progress| {
        seen.fetch_add(1, Ordering::Relaxed);
        interrupt.store(progress.epoch == 2, Ordering::Relaxed);
        ControlFlow::Continue(())
    };
    let fit = recipe().fit_interruptible(&table, "label", &interrupt, observe).unwrap();
    assert_eq!((seen.load(Ordering::Relaxed), fit.model.networks().len()), (2, 1));
    assert_eq!(fit.report.evaluation, Err(NoScore::Ended));
}

#[test]
fn an_interrupt_before_the_first_epoch_is_an_error() {
    let (table, interrupt) = (noisy(300, 1), AtomicBool::new(true));
    for budget in [None, Some(Duration::from_secs(100))] {
        let recipe = Recipe { budget, ..recipe() };
        let observe = |_: &ann_tabular::Progress| ControlFlow::Continue(());
        let fit = recipe.fit_interruptible(&table, "label", &interrupt, observe);
        assert!(matches!(fit, Err(ann_tabular::Error::Interrupted)), "{:?}", fit.map(|fit| fit.report));
    }
}

/// An epoch takes seconds: it has hundreds of updates of millions of weights.
#[test]
fn an_interrupt_in_the_first_epoch_leaves_no_model() {
    let (table, interrupt) = (noisy(300, 1), AtomicBool::new(false));
    let recipe = Recipe {
        hidden: Activation::Silu.layers([2000, 2000]),
        batch: 1,
        members: 1,
        scoring: Scoring::Off,
        ..recipe()
    };
    let observe = |_: &ann_tabular::Progress| panic!("an epoch is done");
    let fit = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(200));
            interrupt.store(true, Ordering::Relaxed);
        });
        recipe.fit_interruptible(&table, "label", &interrupt, observe)
    });
    assert!(matches!(fit, Err(ann_tabular::Error::Interrupted)), "{:?}", fit.map(|fit| fit.report));
}

/// The last epoch of the score is seen again.
#[test]
fn a_caller_ends_what_comes_after_the_last_epoch() {
    let recipe = Recipe { scoring: Scoring::HoldOut(0.5), ..recipe().linear() };
    let seen = AtomicUsize::new(0);
    let observe = |_: &ann_tabular::Progress| match seen.fetch_add(1, Ordering::Relaxed) {
        epochs if epochs < 2 * recipe.members * recipe.epochs => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    };
    let report = recipe.fit_observed(&noisy(300, 1), "label", observe).unwrap().report;
    assert_eq!(report.evaluation.as_ref().unwrap().importance, []);
    let text = report.to_string();
    assert!(text.contains("importance was not measured: the fit was ended before"), "{text}");
}

#[test]
fn a_budget_limits_the_epochs() {
    let epochs = |seconds| {
        let recipe = Recipe { budget: Some(Duration::from_secs(seconds)), ..recipe() };
        fit(&recipe, &noisy(60, 1), "label").report.epochs
    };
    assert_eq!((epochs(0), epochs(100_000)), (1, recipe().epochs));
}
