//! All tests in one program, which takes less time to compile and to link than one for each file.

mod classes;
mod data_files;
mod generate;
mod headers;
mod loader_errors;
mod loaders;
mod properties;
mod splits;
mod standardizer;
