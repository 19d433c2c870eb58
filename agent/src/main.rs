//! The command line of the workstation agent.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use tacit_agent::capture::BackEnd;
use tacit_agent::clock::now_ms;
use tacit_agent::session::Session;
use tacit_agent::trace::Trace;
use tacit_agent::{doctor, enrol, inspect, replay, run};
use tacit_measure::Settings;
use tacit_proto::v1::Record;
use tokio::signal::unix::{SignalKind, signal};

#[derive(Parser)]
#[command(
    name = "tacit-agent",
    version,
    about = "Measures how a person types and points, and sends feature stats."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Args)]
struct Common {
    /// Folder for the device key and the spool.
    #[arg(long, env = "TACIT_AGENT_STATE_DIR", default_value = "/var/lib/tacit-agent")]
    state_dir: PathBuf,
    /// Allow http:// to a loopback address.
    #[arg(long, env = "TACIT_AGENT_INSECURE_LOOPBACK")]
    insecure_loopback: bool,
}

#[derive(clap::Args)]
struct Capturing {
    /// Where input comes from.
    #[arg(long, env = "TACIT_AGENT_CAPTURE", value_enum, default_value = "xinput2")]
    capture: BackEnd,
    /// Directory name of the account; the current user's if not given.
    #[arg(long, env = "TACIT_AGENT_ACCOUNT")]
    account: Option<String>,
}

#[derive(Subcommand)]
enum Command {
    /// Capture, measure and send until stopped.
    Run {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        capturing: Capturing,
        /// The session is shown on another machine (remote desktop).
        #[arg(long, env = "TACIT_AGENT_REMOTE")]
        remote: bool,
    },
    /// Make this workstation an enrolled device.
    Enrol {
        #[command(flatten)]
        common: Common,
        /// Address of the server, https://HOST:PORT.
        #[arg(long, env = "TACIT_AGENT_SERVER")]
        server: String,
        /// Enrolment token, from `tacit-server token create`.
        #[arg(long, env = "TACIT_AGENT_TOKEN", hide_env_values = true)]
        token: String,
        /// Certificate authority of the server, PEM.
        #[arg(long, env = "TACIT_AGENT_CA")]
        ca: Option<PathBuf>,
        /// Name of the device; the host name if not given.
        #[arg(long)]
        name: Option<String>,
    },
    /// Send a recorded trace as one session.
    Replay {
        /// Trace file, CSV or gzip: t_us,event,code,x,y.
        trace: PathBuf,
        #[command(flatten)]
        common: Common,
        /// Directory name of the account; the current user's if not given.
        #[arg(long, env = "TACIT_AGENT_ACCOUNT")]
        account: Option<String>,
        /// Times as fast as recorded, or `max` for no waiting.
        #[arg(long, default_value = "1", value_parser = speed)]
        speed: Speed,
        /// Seconds the server may take to acknowledge everything.
        #[arg(long, default_value_t = 60)]
        timeout: u64,
    },
    /// Print exactly what would leave this machine, live, and send nothing.
    Inspect {
        #[command(flatten)]
        capturing: Capturing,
        /// One JSON object a record.
        #[arg(long)]
        json: bool,
        /// Inspect a recorded trace in place of live input.
        #[arg(long)]
        trace: Option<PathBuf>,
    },
    /// Say what is wrong and how to mend it.
    Doctor {
        #[command(flatten)]
        common: Common,
    },
}

/// `None` is as fast as possible.
type Speed = Option<f64>;

fn speed(text: &str) -> Result<Speed, String> {
    match text.parse::<f64>() {
        _ if text == "max" => Ok(None),
        Ok(factor) if factor.is_finite() && factor > 0.0 => Ok(Some(factor)),
        _ => Err("give a factor above 0, or max".to_owned()),
    }
}

fn account(given: Option<String>) -> Result<String> {
    match given {
        Some(account) if !account.trim().is_empty() => Ok(account),
        Some(_) => bail!("--account is empty"),
        None => {
            let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
            user.map(|u| u.name).context("the current user has no name; give --account")
        }
    }
}

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

async fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Run { common, capturing, remote } => {
            let settings = run::Run {
                state: common.state_dir,
                account: account(capturing.account)?,
                back_end: capturing.capture,
                remote,
                insecure_loopback: common.insecure_loopback,
            };
            run::run(settings, now_ms, stopped()).await?;
        }
        Command::Enrol { common, server, token, ca, name } => {
            let ca = ca
                .map(|path| {
                    std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
                })
                .transpose()?;
            let device = enrol::device_info(name);
            let identity =
                enrol::enrol(&common.state_dir, &server, ca, &token, common.insecure_loopback, device)
                    .await?;
            print(&format!("enrolled as device {}", identity.enrolled.device_id));
        }
        Command::Replay { trace, common, account: given, speed, timeout } => {
            let account = account(given)?;
            let settings = replay::Replay {
                trace: &trace,
                state: &common.state_dir,
                account: &account,
                speed,
                timeout: Duration::from_secs(timeout),
                insecure_loopback: common.insecure_loopback,
            };
            let replayed = replay::replay(settings, now_ms).await?;
            print(&format!("{} events, {} records acknowledged", replayed.events, replayed.records));
        }
        Command::Inspect { capturing, json, trace } => {
            let account = account(capturing.account)?;
            let scratch = Scratch::new()?;
            match trace {
                Some(trace) => inspect_trace(&trace, &account, &scratch.0, show(json))?,
                None => {
                    run::inspect(capturing.capture, &account, &scratch.0, now_ms, show(json), stopped())
                        .await?;
                }
            }
        }
        Command::Doctor { common } => {
            let findings = doctor::examine(&common.state_dir, common.insecure_loopback, now_ms).await;
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

fn inspect_trace(
    trace: &std::path::Path,
    account: &str,
    scratch: &std::path::Path,
    mut show: impl FnMut(&Record),
) -> Result<()> {
    let (mut session, opening) = Session::open(scratch, account, false, now_ms(), Settings::default())?;
    opening.iter().for_each(&mut show);
    for event in Trace::open(trace)? {
        session.input(event?, now_ms)?.iter().for_each(&mut show);
    }
    session.close(now_ms())?.iter().for_each(&mut show);
    Ok(())
}

/// A folder of its own for an inspection, deleted at its end.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let name = format!("tacit-inspect-{}", tacit_agent::clock::random_uuid().context("no randomness")?);
        let path = std::env::temp_dir().join(name);
        tacit_agent::files::private_folder(&path).context("cannot make a temporary folder")?;
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
    let filter = tracing_subscriber::EnvFilter::try_from_env("TACIT_AGENT_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    // Fails only if a provider is already installed.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match dispatch(Cli::parse().command).await {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr().lock(), "tacit-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}
