//! File descriptors: how many connections they bear.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// What the database, files and the server itself need.
const OTHERS: u64 = 256;
/// Connections of one listener at most, whatever the system allows.
const MOST: u64 = 50_000;
/// And at least, however little it allows.
const LEAST: u64 = 64;

/// Takes as many descriptors as the system lets this process have; service managers begin with 1,024.
pub fn raise() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE)
        .and_then(|(_, hard)| setrlimit(Resource::RLIMIT_NOFILE, hard.min(4 * MOST), hard));
    if let Err(error) = raised {
        tracing::warn!(%error, "cannot take more file descriptors");
    }
}

/// Connections that one of the two listeners may hold.
pub(super) fn connections() -> usize {
    let (soft, _) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((1_024, 1_024));
    usize::try_from((soft.saturating_sub(OTHERS) / 2).clamp(LEAST, MOST)).unwrap_or(1)
}
