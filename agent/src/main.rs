//! The command line of the workstation agent.

mod cli;
mod environment;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use cli::{Cli, Command, account};
use tacit_agent::clock::now_ms;
use tacit_agent::inspect::{self, Inspection};
use tacit_agent::status::Status;
use tacit_agent::switch::Choice;
use tacit_agent::told::Told;
use tacit_agent::{doctor, enrol, files, replay, rotate, run};
use tacit_proto::v1::Record;
use tokio::signal::unix::{SignalKind, signal};

/// Resolves when the agent is asked to stop.
async fn stopped() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Prints a line; a reader that has gone away is no error.
fn print(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

fn show(json: bool) -> impl FnMut(&Record) {
    move |record| {
        print(&if json { inspect::as_json(record).to_string() } else { inspect::as_words(record) });
    }
}

async fn dispatch(cli: Cli) -> Result<ExitCode> {
    let config = cli.settings()?;
    let means = || config.server.means();
    match cli.command {
        Command::Run { .. } => {
            let settings = run::Run {
                account: account(&config)?,
                state: config.state_dir,
                back_end: config.capture.back_end,
                remote: config.capture.remote,
                means: means()?,
                rotate_after_days: config.key.rotate_after_days,
                response: config.response,
                notice: config.notice.text,
            };
            run::run(settings, now_ms, stopped()).await?;
        }
        Command::Enrol { token, name, .. } => {
            let means = means()?;
            let server = config.server.url.context("no server is named: give --server https://HOST:PORT")?;
            let ca = config.server.ca.map(|path| {
                files::read_given(&path).with_context(|| format!("cannot read {}", path.display()))
            });
            let device = enrol::device_info(name);
            let identity =
                enrol::enrol(&config.state_dir, &server, ca.transpose()?, &token, means, device).await?;
            print(&format!("enrolled as device {}", identity.enrolled.device_id));
        }
        Command::RotateKey => {
            rotate::rotate(&config.state_dir, means()?, now_ms).await?;
            print("this device has a new key");
        }
        Command::Off => {
            Choice::Off.keep(&config.state_dir)?;
            print(
                "switched off: nothing is measured until `tacit-agent on`. Your company sees that this device's agent is off.",
            );
        }
        Command::Pause { minutes } => {
            let longest = Status::read(&config.state_dir, now_ms())?.longest_pause_minutes;
            if minutes > longest {
                bail!("{}", refusal_of_pause(longest));
            }
            Choice::Paused { since_ms: now_ms(), minutes }.keep(&config.state_dir)?;
            print(&format!("paused for {minutes} minutes: nothing is measured. `tacit-agent on` ends that."));
        }
        Command::On => {
            Choice::On.keep(&config.state_dir)?;
            print("switched on");
        }
        Command::Status { json } => {
            let status = Status::read(&config.state_dir, now_ms())?;
            print(&if json { serde_json::to_string(&status)? } else { status.in_words() });
        }
        Command::Replay { trace, speed, at, timeout, .. } => {
            let settings = replay::Replay {
                trace: &trace,
                state: &config.state_dir,
                account: &account(&config)?,
                speed,
                start_ms: at,
                timeout,
                means: means()?,
            };
            let replayed = replay::replay(settings, now_ms).await?;
            print(&format!("{} events, {} records acknowledged", replayed.events, replayed.records));
        }
        Command::Inspect { json, trace, .. } => {
            let account = account(&config)?;
            let scratch = Scratch::new()?;
            let read = Told::read(&config.state_dir);
            let told = Told::after(&read);
            let inspection = Inspection { account: &account, scratch: &scratch.0, told };
            let preface = inspect::preface(&read, told);
            // What comes on standard output with --json is records alone.
            if json {
                let _ = writeln!(std::io::stderr().lock(), "{preface}");
            } else {
                print(&preface);
            }
            match trace {
                Some(trace) => inspection.of_trace(&trace, now_ms, show(json))?,
                None => {
                    inspection.live(config.capture.back_end, now_ms, show(json), stopped()).await?;
                }
            }
        }
        Command::Doctor { .. } => {
            let back_end = config.capture.back_end;
            let findings = doctor::examine(&config.state_dir, back_end, means()?, now_ms).await;
            for finding in &findings {
                match &finding.result {
                    Ok(found) => print(&format!("ok    {:<10} {found}", finding.what)),
                    Err(wrong) => print(&format!("WRONG {:<10} {wrong}", finding.what)),
                }
            }
            if findings.iter().any(|f| f.result.is_err()) {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn refusal_of_pause(longest: u32) -> String {
    match longest {
        0 => "policy allows no pause; `tacit-agent off` switches the agent off, which your company sees"
            .to_owned(),
        minutes => format!("policy allows a pause of {minutes} minutes at a time at most"),
    }
}

/// A folder of its own for an inspection, deleted at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let name = format!("tacit-inspect-{}", tacit_agent::clock::random_uuid().context("no randomness")?);
        let path = std::env::temp_dir().join(name);
        files::private_folder(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match start().await {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr().lock(), "tacit-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn start() -> Result<ExitCode> {
    environment::check(std::env::vars_os())?;
    let filter = environment::log_filter(std::env::var_os("TACIT_AGENT_LOG").as_deref())?;
    let cli = Cli::parse();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    // Fails only if a provider is already installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    dispatch(cli).await
}
