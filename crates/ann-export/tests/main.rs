//! Tests, in one program.

mod c;
mod functions;
mod golden;
mod json;
mod onnx;
mod rust;

mod generated;
mod models;
mod protobuf;
