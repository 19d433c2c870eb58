//! Files of rows, a JSON object a line. What is no row, or no figure, is an error that names file and line.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use serde::de::DeserializeOwned;

use crate::privacy::level::PLAIN;
use crate::{accuracy, adapt, takeover};

/// Rows that `accuracy --json` wrote.
///
/// # Errors
/// When the file cannot be read, a line is no row, a rate is none, or a row is there twice.
pub(super) fn accuracy(path: &Path) -> anyhow::Result<Vec<accuracy::Row>> {
    let mut rows: Vec<accuracy::Row> = Vec::new();
    lines(path, |row: accuracy::Row| {
        let f = &row.figures;
        let rates = [f.eer_global, f.eer_user, f.fnmr_at_fmr_1pct, f.auc];
        shares(rates.into_iter().chain(f.det.iter().flatten().copied()))?;
        ensure!(f.cllr >= 0.0 && f.min_cllr >= 0.0, "cllr and min_cllr are never below 0");
        let same = |r: &accuracy::Row| {
            (&r.set, &r.protocol, r.population, r.modality, r.times)
                == (&row.set, &row.protocol, row.population, row.modality, row.times)
        };
        ensure!(!rows.iter().any(same), "{}, {}: the row is there twice", row.set, row.protocol);
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

/// Rows that `takeover --json` wrote, of all files.
///
/// # Errors
/// As for `accuracy`, or when a set has no row of the threshold that ships.
pub(super) fn takeover(paths: &[PathBuf]) -> anyhow::Result<Vec<takeover::Row>> {
    let mut rows: Vec<takeover::Row> = Vec::new();
    for path in paths {
        let before = rows.len();
        lines(path, |row: takeover::Row| {
            let f = &row.figures;
            ensure!(
                row.privacy == PLAIN,
                "accuracy.md is of the level {PLAIN}, and the row of {}",
                row.privacy
            );
            shares([f.never_flagged].into_iter().chain(f.detected).chain(f.gini))?;
            ensure!((0.0..=100.0).contains(&row.threshold), "threshold: trust is 0 to 100");
            let amounts = [
                f.false_per_50k_keys,
                f.false_per_40h,
                f.median_keys,
                f.p90_keys,
                f.median_active_s,
                f.p90_active_s,
            ];
            ensure!(amounts.into_iter().flatten().all(|a| a >= 0.0), "counts and times are never below 0");
            let same = |r: &takeover::Row| {
                (&r.set, r.enrolled) == (&row.set, row.enrolled)
                    && r.threshold.total_cmp(&row.threshold).is_eq()
            };
            ensure!(
                !rows.iter().any(same),
                "{}, trust below {}: the row is there twice",
                row.set,
                row.threshold
            );
            rows.push(row);
            Ok(())
        })?;
        for row in &rows[before..] {
            let ships = rows.iter().any(|r| r.set == row.set && r.enrolled && r.shipped_threshold);
            if !ships {
                bail!(
                    "{}: {} has no row of the threshold that ships; run takeover again",
                    path.display(),
                    row.set
                );
            }
        }
    }
    Ok(rows)
}

/// Rows that `drift --json`, `shift --json` or `poison --json` wrote.
///
/// # Errors
/// When the file cannot be read, a line is no row, a share is none, or a row is there twice.
pub(super) fn adapt<R: adapt::Row>(path: &Path) -> anyhow::Result<Vec<R>> {
    let mut rows: Vec<R> = Vec::new();
    lines(path, |row: R| {
        shares(row.shares())?;
        ensure!(!rows.iter().any(|r| r.of() == row.of()), "{}: the row is there twice", row.of());
        rows.push(row);
        Ok(())
    })?;
    Ok(rows)
}

fn shares(rates: impl IntoIterator<Item = f64>) -> anyhow::Result<()> {
    for rate in rates {
        ensure!((0.0..=1.0).contains(&rate), "a rate is a share of 0 to 1, not {rate}");
    }
    Ok(())
}

/// Gives each line's row to `take`.
fn lines<T: DeserializeOwned>(
    path: &Path,
    mut take: impl FnMut(T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let mut seen = false;
    for (line, at) in text.lines().zip(1_usize..).filter(|(line, _)| !line.trim().is_empty()) {
        let row = serde_json::from_str(line).map_err(|e| reason(&e)).map_err(anyhow::Error::msg);
        row.and_then(&mut take).map_err(|e| anyhow::anyhow!("{}:{at}: {e:#}", path.display()))?;
        seen = true;
    }
    ensure!(seen, "{}: no rows", path.display());
    Ok(())
}

/// What is wrong, and where in the line: the parser knows of no other lines.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    match error.column() {
        0 => what.to_owned(),
        column => format!("{what}, column {column}"),
    }
}
