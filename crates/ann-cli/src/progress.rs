//! One line on a terminal that says how far a fit is.

use std::sync::Mutex;

use ann_tabular::{Progress as Seen, Stage};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::show::count;

/// Times a second that the line is drawn.
const HERTZ: u8 = 4;

/// The line. It is drawn on a terminal only, on the standard error.
pub struct Progress {
    bar: ProgressBar,
    /// Of each network of the stage the smallest loss of the validation rows, and its epoch.
    best: Mutex<Best>,
}

#[derive(Default)]
struct Best {
    stage: Option<Stage>,
    of_members: Vec<(f64, usize)>,
}

impl Progress {
    pub fn begin(is_shown: bool, members: usize) -> Self {
        let target =
            if is_shown { ProgressDrawTarget::stderr_with_hz(HERTZ) } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(ProgressStyle::with_template("{msg}  {elapsed}").expect("a valid template"));
        Self { bar, best: Mutex::new(Best { stage: None, of_members: vec![(f64::INFINITY, 0); members] }) }
    }

    /// Some of the groups are done.
    pub fn see_groups(&self, done: usize, all: usize) {
        self.bar.set_message(format!("group {} of {}", count(done), count(all)));
        self.bar.tick();
    }

    /// An epoch of a network is done.
    pub fn see(&self, seen: &Seen) {
        if self.bar.is_hidden() {
            return;
        }
        let mut best = self.best.lock().expect("nothing panics here");
        if best.stage != Some(seen.stage) {
            best.stage = Some(seen.stage);
            best.of_members.fill((f64::INFINITY, 0));
        }
        let Some(of_member) = best.of_members.get_mut(seen.member - 1) else { return };
        if seen.validation < of_member.0 {
            *of_member = (seen.validation, seen.epoch);
        }
        let (loss, epoch) = *of_member;
        self.bar.set_message(format!(
            "{}, network {} of {}: epoch {} of {}  train {:.4}  validation {:.4}  best {loss:.4} at {epoch}",
            seen.stage, seen.member, seen.members, seen.epoch, seen.epochs, seen.training, seen.validation
        ));
        self.bar.tick();
    }

    /// Prints a line on the standard error, above this one.
    pub fn print(&self, line: &str) {
        self.bar.suspend(|| anstream::eprintln!("{line}"));
    }

    /// Removes the line; the time that the fit has taken takes its place, if there is a model.
    pub fn end(&self, is_fitted: bool) {
        let is_hidden = self.bar.is_hidden();
        self.bar.finish_and_clear();
        if is_fitted && !is_hidden {
            anstream::eprintln!("trained in {:.1} s", self.bar.elapsed().as_secs_f64());
        }
    }
}
