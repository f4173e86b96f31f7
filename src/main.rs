//! Arguments to a command; its end to an exit code.

use std::process::ExitCode;

use clap::Parser;
use convened::cli::{Cli, run};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(stop) => {
            eprintln!("convened: {}", stop.sentence);
            stop.exit.into()
        }
    }
}
