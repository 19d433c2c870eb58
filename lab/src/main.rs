//! `tacit-lab`: measures how well Tacit tells people apart, and learns the population that it ships with.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tacit_lab::adapt::{self, drift, poison, shift};
use tacit_lab::{accuracy, attack, demo, drawn, privacy, report, takeover, train};

/// Accuracy tables and training for Tacit. Never part of a deployment.
#[derive(Debug, Parser)]
#[command(name = "tacit-lab", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Error rates on research sets, or on any folder of traces
    Accuracy(accuracy::Args),
    /// Machines that type and point, and people who are not to be taken for them
    Attack(attack::Args),
    /// A server, a simulated fleet and three attacks, live
    Demo(demo::Args),
    /// How well a profile that goes on learning knows people over months
    Drift(adapt::Args),
    /// How soon an impostor who stays just below suspicion owns a profile
    Poison(adapt::Args),
    /// What an attacker finds out who holds what was sent
    Privacy(privacy::Args),
    /// The document of all figures, with its plots
    Report(report::Args),
    /// Whether flags end when a keyboard, a clock or a hand changes
    Shift(adapt::Args),
    /// False flags and time to detection of takeovers, whole sessions in order
    Takeover(takeover::Args),
    /// Learn the population that ships with the server
    Train(train::Args),
    /// Learn the network that ships with the agent and tells times drawn one by one
    TrainDrawn(drawn::Args),
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Accuracy(args) => accuracy::run(&args, &mut std::io::stdout().lock()),
        Command::Attack(args) => attack::run(&args, &mut std::io::stdout().lock()),
        Command::Demo(args) => {
            // Fails only if a provider is already installed.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
            tokio::runtime::Runtime::new()?.block_on(demo::run(&args))
        }
        Command::Drift(args) => adapt::run::<drift::Row>(&args, &mut std::io::stdout().lock()),
        Command::Poison(args) => adapt::run::<poison::Row>(&args, &mut std::io::stdout().lock()),
        Command::Shift(args) => adapt::run::<shift::Row>(&args, &mut std::io::stdout().lock()),
        Command::Privacy(args) => privacy::run(&args, &mut std::io::stdout().lock()),
        Command::Report(args) => report::run(&args, &mut std::io::stdout().lock()),
        Command::Takeover(args) => takeover::run(&args, &mut std::io::stdout().lock()),
        Command::Train(args) => train::run(&args),
        Command::TrainDrawn(args) => drawn::run(&args, &mut std::io::stdout().lock()),
    }
}
