//! `cargo xtask demo | test | soak | bench | model | conformance | bindings | languages | golden`: each does its own set-up, under
//! `target/`.
//!
//! Nothing here is part of the product: this is how a fresh machine gets from a clone to a running
//! demo and a passing suite with one command.

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

mod bench;
mod bindings;
mod cargo;
mod conformance;
mod debian;
mod demo;
mod executables;
mod go;
mod golden;
mod guests;
mod hostile;
mod javascript;
mod languages;
mod model;
mod pages;
mod paths;
mod prerequisites;
mod process;
mod python;
mod sdks;
mod soak;
mod suite;
mod toolchains;
mod zig;

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Demo, tests, soaks and benchmarks of Pipefitter"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a pipeline on the embedded service over real files, and show what happened
    Demo {
        /// Which
        #[arg(value_enum, default_value_t = Demo::Docs)]
        which: Demo,
    },
    /// Run every test: formatting and lints are `.ci/run`'s
    Test {
        /// Passed on to `cargo test`, such as `-p pipefitter-worker` or a test's name
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Run the long random suites
    Soak {
        /// Minutes for the suite of crashes and faults to go on
        #[arg(long, default_value_t = 30)]
        minutes: u64,
        /// Jobs of the hostile suite, under each isolation
        #[arg(long, default_value_t = 20_000)]
        jobs: u64,
        /// The first seed; printed, so that a failure can be run again
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Measure side by side with what people use today, and print one Markdown table
    Bench {
        /// A twentieth of the data, one round: shows that it runs; its figures say nothing
        #[arg(long)]
        quick: bool,
    },
    /// Write the embedded services' tables of requests and operations from botocore's models
    Model,
    /// Write what docs/LOCAL.md says of each operation from the tests that show it
    Conformance,
    /// Write the C bindings of the SDKs for C, C++ and Zig from the contract
    Bindings,
    /// Write docs/LANGUAGES.md's matrix from what the conformance suite has seen last
    Languages,
    /// Keep the conformance suite's guests as the golden components of the contract's version, once
    Golden,
    /// Build what the tests need and stop: plugins, test guests, Python and JavaScript twins
    Setup,
}

#[derive(Clone, Copy, ValueEnum)]
enum Demo {
    /// Documentation: built, its links checked, published. Plugins in Rust; seconds
    Docs,
    /// This repository as a release: sums, licences, policies, the next version, a message. Plugins in C, Go, Python,
    /// TypeScript and Zig; the first time brings their toolchains, as the tests do
    Release,
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Demo { which: Demo::Docs } => demo::docs(),
        Command::Demo {
            which: Demo::Release,
        } => demo::release(),
        Command::Test { args } => suite::run_with(&args),
        Command::Soak {
            minutes,
            jobs,
            seed,
        } => soak::run(minutes, jobs, seed),
        Command::Bench { quick } => bench::run(quick),
        Command::Model => model::run(),
        Command::Conformance => conformance::run(),
        Command::Bindings => bindings::run(),
        Command::Languages => languages::write(),
        Command::Golden => golden::run(),
        Command::Setup => suite::set_up(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
