//! The program `ann` as a job of MPI: `mpirun -n 8 ann train table.csv -t column`.

use std::process::ExitCode;

use ann_mpi::World;

fn main() -> ExitCode {
    match World::start() {
        Ok(world) => ann_cli::program(Some(&world)),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
