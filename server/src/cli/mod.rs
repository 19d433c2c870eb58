//! The command line.

mod audit;
mod database;
mod doctor;
mod finding;
mod manage;
mod master_key;
mod serve;
mod subject;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Parser, Subcommand};
use time::Duration;
use uuid::Uuid;

use crate::app::tokens;
use crate::clock::Ambient;
use crate::config::{Flags, Settings};
use crate::domain::Role;
use crate::domain::policy::DEFAULT_GROUP;
use finding::Finding;

/// The central server of Tacit.
#[derive(Debug, Parser)]
#[command(name = "tacit-server", version)]
struct Cli {
    #[command(flatten)]
    flags: Flags,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve agents and the REST API
    Serve,
    /// Bring the database schema up to this version
    Migrate,
    /// Say what is wrong and how to mend it
    Doctor,
    /// Enrolment tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Enrolled devices
    #[command(subcommand)]
    Device(DeviceCommand),
    /// API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// The master key
    #[command(subcommand)]
    MasterKey(MasterKeyCommand),
    /// What a person may ask for
    #[command(subcommand)]
    Subject(SubjectCommand),
    /// The audit log
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Print the OpenAPI description of the REST API
    Openapi,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make a token and print it; it cannot be shown again
    Create {
        /// How many devices it may enrol
        #[arg(long, default_value_t = 1, allow_negative_numbers = true, value_parser = uses())]
        uses: i32,
        /// How long it serves: 90s, 15m, 1h, 7d
        #[arg(long, default_value = "1h")]
        expires: Life,
        /// Group of its devices, whose policy they are under
        #[arg(long, default_value = DEFAULT_GROUP)]
        group: String,
    },
    /// List tokens
    List,
    /// Revoke a token
    Revoke {
        /// Id, as `token list` shows it
        id: Uuid,
    },
}

#[derive(Debug, Subcommand)]
enum DeviceCommand {
    /// List devices
    List,
    /// Revoke a device for ever
    Revoke {
        /// Id, as `device list` shows it
        id: Uuid,
    },
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make an API key and print it; it cannot be shown again
    Create {
        /// What it is for
        #[arg(long)]
        name: String,
        /// admin, analyst, viewer, privacy or service
        #[arg(long)]
        role: Role,
        /// How long it serves; without it until revoked
        #[arg(long)]
        expires: Option<Life>,
        /// A group of devices it is limited to; may be repeated; without it every group
        #[arg(long = "group")]
        groups: Vec<String>,
    },
    /// List API keys by their first characters
    List,
    /// Revoke an API key
    Revoke {
        /// Id, as `key list` shows it
        id: Uuid,
    },
}

#[derive(Debug, Subcommand)]
enum MasterKeyCommand {
    /// Wrap the root secret by a new master key, while servers run; the old one then opens nothing
    Rotate {
        /// File of the new key, made if it is not there; without this and --to-command the present file is replaced
        #[arg(long, conflicts_with = "to_command")]
        to_file: Option<PathBuf>,
        /// Command that wraps and unwraps from now on
        #[arg(long)]
        to_command: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
enum SubjectCommand {
    /// Print everything that is held of a subject
    Export {
        /// Id, as the API gives it
        id: Uuid,
        /// For people to read, in Markdown
        #[arg(long)]
        text: bool,
    },
    /// Forget a subject for good
    Erase {
        /// Id, as the API gives it
        id: Uuid,
        /// Why, in 10 to 500 characters, for the audit log; it must name nobody
        #[arg(long)]
        reason: String,
    },
    /// Make nothing of a subject's input
    Restrict {
        /// Id, as the API gives it
        id: Uuid,
        /// Why, in 10 to 500 characters, for the audit log; it must name nobody
        #[arg(long)]
        reason: String,
    },
    /// End a restriction
    Unrestrict {
        /// Id, as the API gives it
        id: Uuid,
        /// Why, in 10 to 500 characters, for the audit log; it must name nobody
        #[arg(long)]
        reason: String,
    },
    /// Put another subject in the place of one, that cannot be told to be the same; prints its id
    Renew {
        /// Id, as the API gives it
        id: Uuid,
        /// Why, in 10 to 500 characters, for the audit log; it must name nobody
        #[arg(long)]
        reason: String,
    },
    /// Take what was erased out of the files of the database, which locks its tables for a while
    Scrub,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum AuditCommand {
    /// Say whether any entry was altered, removed, moved or forged, and which
    Verify,
    /// Print every entry as a line of JSON
    Export,
}

fn uses() -> clap::builder::RangedI64ValueParser<i32> {
    clap::value_parser!(i32).range(1..=i64::from(tokens::MOST_USES))
}

/// A span as people write it: 90s, 15m, 1h, 7d.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Life(Duration);

impl FromStr for Life {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const HOW: &str = "a number and a unit: 90s, 15m, 1h, 7d";
        let at = text.find(|c: char| !c.is_ascii_digit()).ok_or(HOW)?;
        let (number, unit) = text.split_at(at);
        let number: i64 = number.parse().map_err(|_| HOW)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(HOW),
        };
        Ok(Self(Duration::seconds(number.checked_mul(seconds).ok_or(HOW)?)))
    }
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let log = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,sqlx=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(log)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::error!("a cryptography provider is already installed");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "cannot start the runtime");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli)) {
        Ok(code) => code,
        Err(error) => {
            let mut out = std::io::stderr().lock();
            let _ = writeln!(out, "tacit-server: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let ambient = Ambient::system();
    if let Command::Openapi = cli.command {
        say(&serde_json::to_string_pretty(&crate::http::openapi())?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let settings = Settings::load(&cli.flags)?;
    match cli.command {
        Command::Serve => Box::pin(serve::serve(settings, ambient)).await?,
        Command::Doctor => return doctor::doctor(&settings, &ambient).await,
        Command::Openapi => {}
        command => {
            let database = database::open(&settings, matches!(command, Command::Migrate)).await?;
            let done = Box::pin(manage::manage(command, &settings, &database.store, &ambient)).await;
            database.close().await;
            done?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a line that a program may read.
fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
