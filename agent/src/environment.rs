//! What the environment may say, beside the flags that it stands in for.

use std::ffi::{OsStr, OsString};

use anyhow::{Result, bail};
use tracing_subscriber::EnvFilter;

const PREFIX: &[u8] = b"TACIT_AGENT_";
const LOG: &str = "TACIT_AGENT_LOG";
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Checks the agent's variables, whichever of them the command at hand reads.
///
/// # Errors
/// When one is set to nothing: that is neither a value nor the default.
pub(crate) fn check(variables: impl Iterator<Item = (OsString, OsString)>) -> Result<()> {
    for (name, value) in variables {
        if name.as_encoded_bytes().starts_with(PREFIX) && value.is_empty() {
            bail!("{} is set, but empty: unset it, or give it a value", name.display());
        }
    }
    Ok(())
}

/// What is logged: `info` if `TACIT_AGENT_LOG` is not set.
///
/// # Errors
/// When the variable is no filter.
pub(crate) fn log_filter(value: Option<&OsStr>) -> Result<EnvFilter> {
    let Some(value) = value else { return Ok(EnvFilter::new("info")) };
    let filter = value.to_str().filter(|text| text.split(',').all(is_directive));
    match filter.map(EnvFilter::try_new) {
        Some(Ok(filter)) => Ok(filter),
        _ => bail!(
            "{LOG}={} is no log filter: give one of {}, or MODULE=LEVEL, with commas between",
            value.display(),
            LEVELS.join(", ")
        ),
    }
}

/// A lone word that is no level would be taken for a module, and silence all others.
fn is_directive(text: &str) -> bool {
    text.contains('=') || LEVELS.iter().any(|level| level.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_variable_of_the_agent_is_named() {
        let check = |name: &str, value: &str| check([(name.into(), value.into())].into_iter());
        assert!(check("TACIT_AGENT_STATE_DIR", "/x").is_ok());
        assert!(check("OTHER", "").is_ok());
        let wrong = check("TACIT_AGENT_STATE_DIR", "").unwrap_err().to_string();
        assert!(wrong.starts_with("TACIT_AGENT_STATE_DIR is set, but empty"), "{wrong}");
    }

    #[test]
    fn a_log_filter_is_taken_whole_or_refused() {
        let filter = |text: &str| log_filter(Some(OsStr::new(text)));
        for sound in ["debug", "WARN", "info,tacit_agent=trace", "off", "warn,h2=error"] {
            assert!(filter(sound).is_ok(), "{sound}");
        }
        for odd in ["verbose", "info,verbose", "tacit_agent=loud", "=", "info,,warn"] {
            let wrong = filter(odd).unwrap_err().to_string();
            assert!(wrong.contains(odd) && wrong.contains("debug"), "{wrong}");
        }
        assert_eq!(log_filter(None).unwrap().to_string(), "info");
    }
}
