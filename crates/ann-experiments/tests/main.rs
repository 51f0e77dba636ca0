//! All tests in one program, which takes less time to compile and to link than one for each file.

mod binaries;
mod bits;
mod kill_matrix;
