//! What `doctor` found.

use std::io;
use std::process::ExitCode;

use super::say;

/// One thing looked at.
pub(super) enum Finding {
    /// As it should be.
    Good(String),
    /// Works today; what comes and how to prevent it.
    Soon {
        /// What comes.
        what: String,
        /// What to do.
        mend: String,
    },
    /// Does not work.
    Bad {
        /// What is wrong.
        what: String,
        /// What to do.
        mend: String,
    },
}

impl Finding {
    pub(super) fn bad(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Bad { what: what.into(), mend: mend.into() }
    }

    pub(super) fn soon(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Soon { what: what.into(), mend: mend.into() }
    }
}

/// Prints findings; failure if any is bad.
pub(super) fn report(findings: Vec<Finding>) -> io::Result<ExitCode> {
    let mut code = ExitCode::SUCCESS;
    for finding in findings {
        match finding {
            Finding::Good(what) => say(&format!("ok    {what}"))?,
            Finding::Soon { what, mend } => {
                say(&format!("soon  {what}"))?;
                say(&format!("      mend: {mend}"))?;
            }
            Finding::Bad { what, mend } => {
                code = ExitCode::FAILURE;
                say(&format!("WRONG {what}"))?;
                say(&format!("      mend: {mend}"))?;
            }
        }
    }
    Ok(code)
}
