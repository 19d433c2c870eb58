//! The flags, and what they come to together with the environment and the settings file.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::builder::BoolishValueParser;
use clap::{ArgAction, Args, Parser, Subcommand};
use tacit_agent::capture::BackEnd;
use tacit_agent::config::Config;

#[derive(Parser)]
#[command(
    name = "tacit-agent",
    version,
    about = "Measures how a person types and points, and sends feature stats."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    common: Common,
}

#[derive(Args)]
struct Common {
    /// Settings file; /etc/tacit-agent/agent.toml if there is one.
    #[arg(long, env = "TACIT_AGENT_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Folder for the device key and the spool [default: /var/lib/tacit-agent].
    #[arg(long, env = "TACIT_AGENT_STATE_DIR", global = true)]
    state_dir: Option<PathBuf>,
    /// Allow http:// to a loopback address.
    #[arg(
        long,
        env = "TACIT_AGENT_INSECURE_LOOPBACK",
        global = true,
        action = ArgAction::SetTrue,
        value_parser = BoolishValueParser::new()
    )]
    insecure_loopback: bool,
}

#[derive(Args)]
pub(crate) struct Where {
    /// Where input comes from [default: xinput2].
    #[arg(long, env = "TACIT_AGENT_CAPTURE", value_enum)]
    capture: Option<BackEnd>,
}

#[derive(Args)]
pub(crate) struct Watching {
    #[command(flatten)]
    from: Where,
    #[command(flatten)]
    whose: Whose,
}

#[derive(Args)]
pub(crate) struct Whose {
    /// Directory name of the account; the current user's if not given.
    #[arg(long, env = "TACIT_AGENT_ACCOUNT")]
    account: Option<String>,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Capture, measure and send until stopped.
    Run {
        #[command(flatten)]
        watching: Watching,
        /// The session is shown on another machine (remote desktop).
        #[arg(
            long,
            env = "TACIT_AGENT_REMOTE",
            action = ArgAction::SetTrue,
            value_parser = BoolishValueParser::new()
        )]
        remote: bool,
    },
    /// Make this workstation an enrolled device.
    Enrol {
        /// Address of the server, https://HOST:PORT.
        #[arg(long, env = "TACIT_AGENT_SERVER")]
        server: Option<String>,
        /// Enrolment token, from `tacit-server token create`.
        #[arg(long, env = "TACIT_AGENT_TOKEN", hide_env_values = true)]
        token: String,
        /// Certificate authority of the server, PEM; the system's if not given.
        #[arg(long, env = "TACIT_AGENT_CA")]
        ca: Option<PathBuf>,
        /// Name of the device; the host name if not given.
        #[arg(long)]
        name: Option<String>,
    },
    /// Measure nothing until `on`; the company sees that this device's agent is off.
    Off,
    /// Measure nothing for a time, if policy allows it; the company sees that.
    Pause {
        /// For how long.
        #[arg(long, default_value = "15", value_parser = clap::value_parser!(u32).range(1..))]
        minutes: u32,
    },
    /// Measure again.
    On,
    /// Say how the running agent is.
    Status {
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Give this device a new key, while no agent runs; a running one does so by itself.
    RotateKey,
    /// Send a recorded trace as one session.
    Replay {
        /// Trace file, CSV or gzip: t_us,event,code,x,y.
        trace: PathBuf,
        #[command(flatten)]
        whose: Whose,
        /// Times as fast as recorded, or `max` for no waiting.
        #[arg(long, default_value = "1", value_parser = speed)]
        speed: Speed,
        /// When the session began, in milliseconds since the Unix epoch; with `--speed max` [default: so that it ends now].
        #[arg(long)]
        at: Option<u64>,
        /// Seconds the server may take to acknowledge everything.
        #[arg(long, default_value = "60", value_parser = seconds)]
        timeout: Duration,
    },
    /// Print exactly what would leave this machine, live, and send nothing.
    Inspect {
        #[command(flatten)]
        watching: Watching,
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
        from: Where,
    },
}

/// `None` is as fast as possible.
pub(crate) type Speed = Option<f64>;

fn speed(text: &str) -> Result<Speed, String> {
    match text.parse::<f64>() {
        _ if text == "max" => Ok(None),
        Ok(factor) if (0.01..=1_000_000.0).contains(&factor) => Ok(Some(factor)),
        _ => Err("give a factor of 0.01 to 1000000, or max".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "give a whole number of seconds".to_owned())
}

impl Cli {
    /// Settings from flags and environment, then file, then defaults, checked.
    ///
    /// # Errors
    /// When one of them is wrong.
    pub(crate) fn settings(&self) -> Result<Config> {
        let mut config = Config::read(self.common.config.as_deref())?;
        if let Some(state_dir) = &self.common.state_dir {
            config.state_dir.clone_from(state_dir);
        }
        config.server.insecure_loopback |= self.common.insecure_loopback;
        match &self.command {
            Command::Run { watching, remote } => {
                watching.set(&mut config);
                config.capture.remote |= remote;
            }
            Command::Enrol { server, ca, .. } => {
                config.server.url = server.clone().or(config.server.url);
                config.server.ca = ca.clone().or(config.server.ca);
            }
            Command::Inspect { watching, .. } => watching.set(&mut config),
            Command::Replay { whose, speed, at, .. } => {
                if at.is_some() && speed.is_some() {
                    bail!("--at says when the session was: it goes with --speed max alone");
                }
                whose.set(&mut config);
            }
            Command::Doctor { from } => from.set(&mut config),
            Command::RotateKey
            | Command::Off
            | Command::Pause { .. }
            | Command::On
            | Command::Status { .. } => {}
        }
        config.validate()?;
        Ok(config)
    }
}

impl Where {
    fn set(&self, config: &mut Config) {
        config.capture.back_end = self.capture.unwrap_or(config.capture.back_end);
    }
}

impl Watching {
    fn set(&self, config: &mut Config) {
        self.from.set(config);
        self.whose.set(config);
    }
}

impl Whose {
    fn set(&self, config: &mut Config) {
        if self.account.is_some() {
            config.capture.account.clone_from(&self.account);
        }
    }
}

/// Directory name of the account: the one that is set, or the current user's.
///
/// # Errors
/// When neither is there.
pub(crate) fn account(config: &Config) -> Result<String> {
    if let Some(account) = &config.capture.account {
        return Ok(account.clone());
    }
    let user = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten();
    user.map(|u| u.name).context("the current user has no name; give --account")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn every_flag_and_variable_is_documented() {
        let page = include_str!("../../docs/agent.md");
        let mut cli = Cli::command();
        cli.build();
        for command in cli.get_subcommands().filter(|command| command.get_name() != "help") {
            for flag in command.get_arguments().filter(|flag| flag.get_id() != "help") {
                let long = flag.get_long().map(|long| format!("`--{long}"));
                let variable = flag.get_env().map(|name| format!("`{}`", name.display()));
                for name in long.into_iter().chain(variable) {
                    assert!(page.contains(&name), "docs/agent.md lacks {name}");
                }
            }
        }
    }

    #[test]
    fn a_replay_is_dated_only_where_it_is_not_played_in_time() {
        let settings = |speed| {
            let arguments = ["tacit-agent", "replay", "trace.csv", "--at", "1", "--speed", speed];
            Cli::try_parse_from(arguments).unwrap().settings()
        };
        assert!(settings("max").is_ok());
        assert!(settings("1").unwrap_err().to_string().contains("--speed max"));
    }

    #[test]
    fn flags_go_before_the_file_and_work_on_either_side_of_the_command() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("agent.toml");
        std::fs::write(&file, "state_dir = \"/file\"\n[capture]\naccount = \"file\"\nback_end = \"rdev\"\n")
            .unwrap();
        let file = file.to_str().unwrap();
        let settings = |arguments: &[&str]| {
            Cli::try_parse_from(["tacit-agent"].iter().chain(arguments)).unwrap().settings().unwrap()
        };
        let config = settings(&["--config", file, "run", "--account", "flag", "--state-dir", "/flag"]);
        assert_eq!(config.capture.account.as_deref(), Some("flag"));
        assert_eq!(config.capture.back_end, BackEnd::Rdev);
        assert_eq!(config.state_dir, PathBuf::from("/flag"));
        assert_eq!(settings(&["doctor", "--config", file]).state_dir, PathBuf::from("/file"));
    }
}
