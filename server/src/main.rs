//! Tollgate: an AI gateway and the office that runs it, in one binary.
//!
//! This crate is the wiring: command line, configuration, HTTP, background tasks. Rules live in `domain`, changes in
//! `control`, calls in `gateway`, SQL in `store`, pages in `app`.

mod bill;
mod catalogue;
mod cli;
mod commands;
mod config;
mod deliver;
mod http;
mod listener;
mod probe;
mod start;
mod terminal;
mod tls;

use std::process::ExitCode;

use clap::Parser as _;

// The default allocator keeps what a burst took; this one gives it back, and is quicker.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const OFFICE_THREADS: usize = 2;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    terminal::start_logging(arguments.log_format());
    // Several rustls providers may be linked; this is the one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // For pages, management and the database; calls have threads of their own.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(OFFICE_THREADS).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::say_error(&format!("The runtime could not be started: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(arguments)) {
        Ok(code) => code,
        Err(error) => {
            terminal::say_error(&error.to_string());
            ExitCode::FAILURE
        }
    }
}
