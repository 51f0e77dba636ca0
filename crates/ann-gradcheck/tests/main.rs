//! All tests in one program: linking ten would take longer than running most of them.

mod common;

mod bad_input;
mod functions;
mod hard_functions;
mod losses;
mod planted_bugs;
mod precision;
mod random_closures;
mod reading;
mod reference;
mod relu;
mod report_claim;
mod scale;
mod vacuous;
