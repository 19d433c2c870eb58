//! Rows of figures: a table for people, and a JSON object a line for programs.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use serde::Serialize;

/// Prints rows as a table and writes them to a file, if one is named.
///
/// # Errors
/// When they cannot be printed or written.
pub(crate) fn put<R: Serialize>(
    rows: &[R],
    heading: &str,
    line: impl Fn(&R) -> String,
    json: Option<&Path>,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    print(rows, heading, line, out)?;
    if let Some(path) = json {
        write(path, &lines(rows)?)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints rows as a table.
///
/// # Errors
/// When they cannot be printed.
pub(crate) fn print<R>(
    rows: &[R],
    heading: &str,
    line: impl Fn(&R) -> String,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    writeln!(out, "{heading}")?;
    rows.iter().try_for_each(|row| Ok(writeln!(out, "{}", line(row))?))
}

/// Rows as JSON, an object a line.
///
/// # Errors
/// For what is no JSON.
pub(crate) fn lines<R: Serialize>(rows: &[R]) -> anyhow::Result<String> {
    let mut text = String::new();
    for row in rows {
        text += &serde_json::to_string(row)?;
        text.push('\n');
    }
    Ok(text)
}

/// Writes lines to a file.
///
/// # Errors
/// When it cannot be written, with its name.
pub(crate) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| path.display().to_string())
}
