//! The program `flex-sandbox`: the sandbox for people and programs in any language.

#![forbid(unsafe_code)]

use std::io::{self, Write};
use std::net::SocketAddr;
use std::os::unix::process::parent_id;
use std::process::ExitCode;
use std::time::Duration;

use flex_sandbox::Sandbox;

mod cli;

use cli::{Command, Serve};

/// How soon the end of the parent is noticed: no signal tells of it.
const PARENT_POLL: Duration = Duration::from_millis(200);

fn main() -> ExitCode {
    let parent = parent_id();
    let done = match cli::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => say(cli::HELP.trim_end()),
        Ok(Command::Version) => say(concat!("flex-sandbox ", env!("CARGO_PKG_VERSION"))),
        Ok(Command::Serve(serve)) => run(*serve, parent),
        Err(wrong) => {
            complain(&format!("{wrong}; see flex-sandbox --help"));
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(serve: Serve, parent: u32) -> io::Result<()> {
    let address = SocketAddr::from((serve.options.listen, serve.options.port));
    let sandbox = Sandbox::start(serve.options)
        .map_err(|error| io::Error::other(format!("cannot listen on {address}: {error}")))?;
    if let (Some(file), Some(pem)) = (serve.ca_out, sandbox.ca_pem()) {
        std::fs::write(&file, pem).map_err(|error| {
            io::Error::other(format!("--ca-out: cannot write {}: {error}", file.display()))
        })?;
    }
    say(&format!("listening on {}", sandbox.url()))?;
    while parent_id() == parent {
        std::thread::sleep(PARENT_POLL);
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn complain(line: &str) {
    // Without anywhere to complain, the exit status must do.
    let _ = writeln!(io::stderr().lock(), "flex-sandbox: {line}");
}
