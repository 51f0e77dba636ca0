//! Work in another thread, while Python's thread looks for Ctrl-C and calls back.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::errors;

/// Signals are looked for this often: to attach to the interpreter costs about a microsecond.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a callback is shown: names and numbers.
pub type Record = Vec<(&'static str, f64)>;

/// The end of the working thread.
pub struct Watch<'a> {
    /// Set when the work shall end as soon as it can.
    pub interrupt: &'a AtomicBool,
    line: Option<Mutex<Line>>,
}

/// Records go to Python's thread, and it answers whether the work shall end.
struct Line {
    records: Sender<Record>,
    answers: Receiver<bool>,
}

impl Watch<'_> {
    /// Shows a record to the callback, if there is one, and returns what it answers.
    pub fn see(&self, record: impl FnOnce() -> Record) -> ControlFlow<()> {
        let is_over = self.interrupt.load(Ordering::Relaxed)
            || self.line.as_ref().is_some_and(|line| {
                // One question at a time, whatever the number of threads that ask.
                let line = line.lock().unwrap_or_else(PoisonError::into_inner);
                line.records.send(record()).is_err() || line.answers.recv().unwrap_or(true)
            });
        if is_over { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Does `work` in another thread, without the lock of the interpreter. `callback`, if it is no `None`, gets a
/// dict for each record; the work ends early if it returns a true value, or raises.
pub fn watched<T: Send>(
    py: Python<'_>,
    callback: Option<&Py<PyAny>>,
    work: impl FnOnce(&Watch<'_>) -> T + Send,
) -> PyResult<T> {
    let interrupt = &AtomicBool::new(false);
    let (records, seen) = channel::<Record>();
    let (answer, answers) = channel();
    py.detach(move || {
        thread::scope(|scope| {
            let worker = scope.spawn(move || {
                // The channel of records is closed when the work is done, however it ends.
                let line = Line { records, answers };
                let (line, _open) = match callback {
                    Some(_) => (Some(Mutex::new(line)), None),
                    None => (None, Some(line)),
                };
                work(&Watch { interrupt, line })
            });
            let failure = wait(callback, interrupt, &seen, &answer);
            // A panic comes before what it may have caused.
            let result = worker.join().map_err(|_| errors::panic())?;
            failure.map_or(Ok(result), Err)
        })
    })
}

/// Waits until the channel of records is closed. Answers each record, and looks for signals meanwhile.
/// Returns the exception that has ended the work, if there is one.
fn wait(
    callback: Option<&Py<PyAny>>,
    interrupt: &AtomicBool,
    records: &Receiver<Record>,
    answer: &Sender<bool>,
) -> Option<PyErr> {
    let mut failure = None;
    loop {
        let record = match records.recv_timeout(LOOK_EVERY) {
            Ok(record) => Some(record),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return failure,
        };
        let is_over = failure.is_some()
            || Python::attach(|py| respond(py, callback, record.as_ref())).unwrap_or_else(|error| {
                interrupt.store(true, Ordering::Relaxed);
                failure = Some(error);
                true
            });
        if record.is_some() {
            // A working thread that has panicked does not wait for it.
            answer.send(is_over).ok();
        }
    }
}

/// Raises what a signal asks for, and calls the callback. Returns whether the work shall end.
fn respond(py: Python<'_>, callback: Option<&Py<PyAny>>, record: Option<&Record>) -> PyResult<bool> {
    py.check_signals()?;
    let (Some(callback), Some(record)) = (callback, record) else { return Ok(false) };
    let dict = PyDict::new(py);
    for (name, number) in record {
        match *name {
            "epoch" => dict.set_item(name, *number as u64)?,
            _ => dict.set_item(name, number)?,
        }
    }
    callback.call1(py, (dict,))?.is_truthy(py)
}
