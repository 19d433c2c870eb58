//! Why there is no private Postgres.

use std::io;
use std::path::{Path, PathBuf};

use super::find;

/// Why there is no private Postgres, in words that say how to mend it.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// No binaries.
    #[error(
        "PostgreSQL {least} or newer is not installed. Install it (Debian, Ubuntu: apt-get install postgresql; Fedora, RHEL: \
         dnf install postgresql-server; macOS: brew install postgresql@17), or name a database with --database-url",
        least = find::LEAST_MAJOR
    )]
    NotInstalled,
    /// Binaries of another major version.
    #[error(
        "{} was made by PostgreSQL {made_by}, but only {installed:?} is installed. Install postgresql-{made_by}, \
         or move the data with pg_upgrade", data.display()
    )]
    WrongVersion {
        /// Database directory.
        data: PathBuf,
        /// Its major version.
        made_by: u32,
        /// Major versions installed.
        installed: Vec<u32>,
    },
    /// Root without a user to give its rights up to.
    #[error(
        "Postgres refuses to run as root and there is no user named postgres. Run the server as an ordinary user, or make one: \
         useradd --system postgres"
    )]
    NoAccount,
    /// A parent directory bars the way.
    #[error(
        "the user {user}, under which Postgres runs, cannot enter {}. Choose another --data-dir (such as /var/lib/tacit), \
         run the server as an ordinary user, or: chmod o+x {}", directory.display(), directory.display()
    )]
    NotTraversable {
        /// The directory that bars the way.
        directory: PathBuf,
        /// Who cannot enter.
        user: String,
    },
    /// A directory of someone else.
    #[error("{} exists but does not belong to {user}. Remove it, or choose another --data-dir", directory.display())]
    NotOurs {
        /// The directory.
        directory: PathBuf,
        /// Who should own it.
        user: String,
    },
    /// No server has worked here.
    #[error(
        "there is no server data in {}: name that of the server with --data-dir, or its database with --database-url \
         (a new server makes its data with `tacit-server serve`)", .0.display()
    )]
    NoData(PathBuf),
    /// A named database does not answer.
    #[error("cannot use Postgres at {place}: {why} (--database-url: {check})")]
    Unreached {
        /// Host, port, database and user.
        place: String,
        /// As Postgres or the operating system said it.
        why: String,
        /// What to look at.
        check: &'static str,
    },
    /// Another server holds the data directory.
    #[error("another tacit-server runs in {}", .0.display())]
    Taken(PathBuf),
    /// Reading, writing, starting.
    #[error("cannot {what} {}: {source}", path.display())]
    Io {
        /// The deed.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// `initdb` failed.
    #[error("initdb failed: {0}")]
    InitDb(String),
    /// `postgres` ended or did not become ready.
    #[error("postgres did not start: {0}")]
    Start(String),
}

impl PostgresError {
    pub(super) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), source }
    }
}
