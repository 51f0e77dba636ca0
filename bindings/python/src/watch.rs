//! Work in another thread, while Python's thread looks for Ctrl-C and calls back.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
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
    line: Option<&'a Mutex<Line>>,
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
            || self.line.is_some_and(|line| {
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
    let (line, host) = connect(callback, interrupt);
    py.detach(move || {
        thread::scope(|scope| {
            let worker = scope.spawn(move || line.run(interrupt, work));
            let failure = host.wait();
            host.end();
            // A panic comes before what it may have caused.
            let result = worker.join().map_err(|_| errors::panic())?;
            failure.map_or(Ok(result), Err)
        })
    })
}

/// As [`watched`], for work that owns what it needs. An exception is raised at once: the work, which may be
/// where it does not look at the interrupt, ends by itself when it looks next.
pub fn watched_apart<T: Send + 'static>(
    py: Python<'_>,
    callback: Option<&Py<PyAny>>,
    work: impl FnOnce(&Watch<'_>) -> T + Send + 'static,
) -> PyResult<T> {
    let interrupt = Arc::new(AtomicBool::new(false));
    let (line, host) = connect(callback, &interrupt);
    let of_worker = Arc::clone(&interrupt);
    let worker = thread::spawn(move || line.run(&of_worker, work));
    py.detach(move || match host.wait() {
        Some(failure) if !worker.is_finished() => Err(failure),
        failure => {
            let result = worker.join().map_err(|_| errors::panic())?;
            failure.map_or(Ok(result), Err)
        }
    })
}

/// Both ends of the line between a working thread and Python's.
fn connect<'a>(callback: Option<&'a Py<PyAny>>, interrupt: &'a AtomicBool) -> (WorkerEnd, Host<'a>) {
    let (records, seen) = channel();
    let (answer, answers) = channel();
    let has_callback = callback.is_some();
    (
        WorkerEnd { line: Line { records, answers }, has_callback },
        Host { callback, interrupt, records: seen, answer },
    )
}

/// What the working thread starts with.
struct WorkerEnd {
    line: Line,
    has_callback: bool,
}

impl WorkerEnd {
    /// The channel of records is closed when the work is done, however it ends.
    fn run<T>(self, interrupt: &AtomicBool, work: impl FnOnce(&Watch<'_>) -> T) -> T {
        let line = Mutex::new(self.line);
        work(&Watch { interrupt, line: self.has_callback.then_some(&line) })
    }
}

/// Python's end.
struct Host<'a> {
    callback: Option<&'a Py<PyAny>>,
    interrupt: &'a AtomicBool,
    records: Receiver<Record>,
    answer: Sender<bool>,
}

impl Host<'_> {
    /// Answers each record, and looks for signals meanwhile, until the work is done or there is an exception,
    /// which interrupts the work.
    fn wait(&self) -> Option<PyErr> {
        loop {
            let record = match self.records.recv_timeout(LOOK_EVERY) {
                Ok(record) => Some(record),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return None,
            };
            match Python::attach(|py| respond(py, self.callback, record.as_ref())) {
                // A working thread that has panicked does not wait for its answer.
                Ok(is_over) if record.is_some() => drop(self.answer.send(is_over)),
                Ok(_) => {}
                Err(failure) => {
                    self.interrupt.store(true, Ordering::Relaxed);
                    self.answer.send(true).ok();
                    return Some(failure);
                }
            }
        }
    }

    /// Waits until the work is done, and answers its records: it shall end.
    fn end(&self) {
        while self.records.recv().is_ok() {
            self.answer.send(true).ok();
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
            "epoch" | "network" => dict.set_item(name, *number as u64)?,
            _ => dict.set_item(name, number)?,
        }
    }
    callback.call1(py, (dict,))?.is_truthy(py)
}
