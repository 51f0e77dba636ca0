//! All native tests in one program: the engine without a browser.

mod engine;
mod programs;
mod requests;
mod sessions;
