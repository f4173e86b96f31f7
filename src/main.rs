//! Arguments to a command; its end to an exit code.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;
use convened::cli::{Cli, run};

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(exit) => exit.into(),
        Err(stop) => {
            // Where nobody reads it, the exit code still says it.
            let _ = writeln!(io::stderr(), "convened: {}", stop.sentence);
            stop.exit.into()
        }
    }
}
