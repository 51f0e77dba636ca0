//! Progress on stderr while an experiment works; nothing when stderr is not a terminal.

use indicatif::{ProgressBar, ProgressStyle};

/// A bar for `total` steps. It disappears when it is dropped or finished.
#[expect(clippy::missing_panics_doc, reason = "the template is a constant")]
pub fn bar(total: u64, task: impl Into<String>) -> ProgressBar {
    // indicatif draws to stderr, and only when that is a terminal.
    let style = ProgressStyle::with_template("{msg:28} {bar:32} {pos}/{len} {eta}");
    ProgressBar::new(total).with_style(style.expect("the template is a constant")).with_message(task.into())
}
