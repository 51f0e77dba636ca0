//! The same functions where there is one thread, in WebAssembly: work that could be shared is done in place.

use crate::{Error, Result};

/// True: no other thread can help this one.
pub(crate) fn belongs_to_a_pool() -> bool {
    true
}

/// A pool of threads, which does not exist.
#[derive(Debug)]
pub(crate) enum Threads {}

impl Threads {
    pub fn start(count: usize) -> Result<Self> {
        match pool(count)? {}
    }

    pub fn are_free(&self) -> bool {
        match *self {}
    }

    pub fn run<R>(&self, _: impl FnOnce() -> R) -> R {
        match *self {}
    }

    pub fn awake<R>(&self, _: impl FnOnce() -> R) -> R {
        match *self {}
    }
}

/// A pool of threads, which does not exist.
#[derive(Debug)]
pub(crate) enum Pool {}

impl Pool {
    pub fn install<R>(&self, _: impl FnOnce() -> R) -> R {
        match *self {}
    }

    pub fn scope<R>(&self, _: impl FnOnce(&Scope) -> R) -> R {
        match *self {}
    }
}

pub(crate) fn pool(threads: usize) -> Result<Pool> {
    Err(Error::Threads { threads, reason: "WebAssembly has one thread".to_owned() })
}

/// Does one after the other.
pub(crate) fn join<A, B>(first: impl FnOnce() -> A, second: impl FnOnce() -> B) -> (A, B) {
    (first(), second())
}

/// Pieces of work, each of which is done where it is handed out.
#[derive(Debug)]
pub(crate) struct Scope;

impl Scope {
    pub fn spawn(&self, work: impl FnOnce(&Self)) {
        work(self);
    }
}

pub(crate) fn scope<R>(work: impl FnOnce(&Scope) -> R) -> R {
    work(&Scope)
}
