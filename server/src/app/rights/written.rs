//! An export as text, piece by piece: JSON for programs, a row a line, or Markdown for people.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Piece, words};
use crate::{Error, Result};

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For programs.
    #[default]
    Json,
    /// For people, in Markdown.
    Text,
}

/// Writes an export.
#[derive(Debug)]
pub struct Writer {
    format: Format,
    tables: usize,
    /// Of the table at hand.
    rows: usize,
}

impl Writer {
    /// Begins one.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { format, tables: 0, rows: 0 }
    }

    /// The next piece as text.
    ///
    /// # Errors
    /// Internal for what cannot be written.
    pub fn write(&mut self, piece: Piece) -> Result<String> {
        match self.format {
            Format::Json => self.json(piece).map_err(Error::internal),
            Format::Text => Ok(self.text(piece)),
        }
    }

    fn json(&mut self, piece: Piece) -> serde_json::Result<String> {
        Ok(match piece {
            Piece::Head(head) => {
                let head = serde_json::to_string(&head)?;
                format!("{},\n\"held\":{{", head.strip_suffix('}').unwrap_or(&head))
            }
            Piece::Table(name) => {
                let before = if self.tables > 0 { "],\n" } else { "\n" };
                self.tables += 1;
                self.rows = 0;
                format!("{before}\"{name}\":[")
            }
            Piece::Row(row) => {
                let before = if self.rows > 0 { ",\n" } else { "\n" };
                self.rows += 1;
                format!("{before}{}", serde_json::to_string(&row)?)
            }
            Piece::Audit(entries) => {
                format!("]}},\n\"audit\":{}}}\n", serde_json::to_string(&entries)?)
            }
        })
    }

    fn text(&mut self, piece: Piece) -> String {
        match piece {
            Piece::Head(head) => words::head(&head),
            Piece::Table(name) => {
                let before = if self.tables > 0 { self.nothing() } else { "" };
                self.tables += 1;
                self.rows = 0;
                format!("{before}{}", words::heading(name))
            }
            Piece::Row(row) => {
                self.rows += 1;
                words::row(&row)
            }
            Piece::Audit(entries) => {
                let mut text = self.text(Piece::Table(words::AUDIT));
                for entry in entries {
                    if let Value::Object(entry) = entry {
                        text.push_str(&self.text(Piece::Row(entry)));
                    }
                }
                text + self.nothing()
            }
        }
    }

    fn nothing(&self) -> &'static str {
        if self.rows == 0 { "Nothing.\n" } else { "" }
    }
}
