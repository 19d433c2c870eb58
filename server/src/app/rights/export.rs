//! Everything that is held of one subject, opened, one piece after another: the windows of a week are more than fits in memory well.

use std::{iter, slice, vec};

use prost::Message as _;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tacit_engine::Profile;
use tacit_proto::catalogue::{ALL, feature};
use tacit_proto::{FeatureId, v1};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Desk, no_such_subject};
use crate::domain::audit::Action;
use crate::domain::{Caller, SubjectId};
use crate::secrets::Purpose;
use crate::store::Unit;
use crate::store::held::{DEVICES, OF_SUBJECT, Table};
use crate::{Error, Result};

/// Rows asked for at once.
const AT_ONCE: u32 = 100;

/// Everything that is held of one subject, as it is written in JSON.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Export {
    /// Of whom.
    #[serde(flatten)]
    pub head: Head,
    /// Rows by table; what is encrypted at rest is given opened.
    #[schema(value_type = Object)]
    pub held: Map<String, Value>,
    /// What people and programs did that concerned the subject, this export among it.
    #[schema(value_type = Vec<Object>)]
    pub audit: Vec<Value>,
}

/// Of whom something is held, and what measurements mean.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ExportHead)]
pub struct Head {
    /// The subject's id.
    pub subject_id: Uuid,
    /// What stands for the person.
    pub pseudonym: String,
    /// The account as the directory has it.
    pub name: Option<String>,
    /// When the subject was first seen.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Since when nothing is made of the subject's input.
    #[serde(with = "time::serde::rfc3339::option")]
    pub restricted_at: Option<OffsetDateTime>,
    /// When this was made.
    #[serde(with = "time::serde::rfc3339")]
    pub exported_at: OffsetDateTime,
    /// What is measured, by the numbers that rows name.
    pub features: Vec<Meaning>,
}

/// What a feature is.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = FeatureMeaning)]
pub struct Meaning {
    /// Its number.
    pub feature: u16,
    /// Its name.
    pub name: &'static str,
    /// What it is, in words.
    pub words: &'static str,
    /// In what `typical` is given.
    #[schema(value_type = String)]
    pub unit: tacit_proto::Unit,
}

/// A piece of an export, in the order in which they come.
#[derive(Debug)]
pub enum Piece {
    /// First.
    Head(Head),
    /// A table; its rows follow.
    Table(&'static str),
    /// A row of it.
    Row(Map<String, Value>),
    /// What concerned the subject; last.
    Audit(Vec<Value>),
}

/// An export under way, as of one moment.
pub struct Gathering {
    unit: Unit,
    id: SubjectId,
    head: Option<Head>,
    left: iter::Chain<slice::Iter<'static, Table>, iter::Once<&'static Table>>,
    table: Option<&'static Table>,
    rows: vec::IntoIter<Value>,
    ended: bool,
}

/// Begins to gather everything that is held of a subject, and notes in the audit log that it is given away.
///
/// # Errors
/// Not found; internal for what does not open; as the database.
pub async fn export(desk: Desk<'_>, caller: &Caller, id: SubjectId) -> Result<Gathering> {
    let (mut unit, _) = desk.held(id).await?;
    desk.record(&mut unit, caller, Action::SubjectExported, id, json!({})).await?;
    unit.commit().await?;
    // Input of the subject goes on meanwhile.
    let mut unit = desk.store.begin().await?;
    let subject = unit.look_at_subject(id).await?.ok_or_else(no_such_subject)?;
    let meaning = |f: &'static tacit_proto::catalogue::Feature| Meaning {
        feature: f.id.0,
        name: f.name,
        words: f.words,
        unit: f.unit,
    };
    let head = Head {
        subject_id: id.0,
        pseudonym: subject.pseudonym,
        name: desk.name(&mut unit, id).await?,
        created_at: subject.created_at,
        restricted_at: subject.restricted_at,
        exported_at: desk.ambient.now(),
        features: ALL.iter().map(meaning).collect(),
    };
    Ok(Gathering {
        unit,
        id,
        head: Some(head),
        left: OF_SUBJECT.iter().chain(iter::once(&DEVICES)),
        table: None,
        rows: Vec::new().into_iter(),
        ended: false,
    })
}

impl Gathering {
    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// Internal for what does not open; as the database, also if nobody asked for long.
    pub async fn next(&mut self, desk: Desk<'_>) -> Result<Option<Piece>> {
        if let Some(head) = self.head.take() {
            return Ok(Some(Piece::Head(head)));
        }
        while let Some(table) = self.table {
            if let Some(mut row) = self.rows.next() {
                open(&desk, table.name, &mut row)?;
                let Value::Object(row) = row else { return Err(Error::internal("a row that is no object")) };
                return Ok(Some(Piece::Row(row)));
            }
            self.rows = self.unit.next_rows(AT_ONCE).await?.into_iter();
            if self.rows.len() == 0 {
                self.unit.close_rows().await?;
                self.table = None;
            }
        }
        if let Some(table) = self.left.next() {
            self.unit.open_rows(table, self.id).await?;
            self.table = Some(table);
            return Ok(Some(Piece::Table(table.name)));
        }
        if self.ended {
            return Ok(None);
        }
        self.ended = true;
        Ok(Some(Piece::Audit(self.unit.audit_of(self.id).await?)))
    }
}

/// Whether a window began after a rest; nothing where that was not told.
fn after_rest(beginning: v1::Beginning) -> Value {
    match beginning {
        v1::Beginning::Unspecified => Value::Null,
        v1::Beginning::AfterRest => true.into(),
        v1::Beginning::GoesOn => false.into(),
    }
}

/// Puts what a row holds sealed in the place of the ciphertext.
fn open(desk: &Desk<'_>, table: &str, row: &mut Value) -> Result<()> {
    let Some(row) = row.as_object_mut() else { return Ok(()) };
    match table {
        "feature_window" => {
            let (session, sequence) = (id(row, "session_id")?, number(row, "sequence")?);
            let place = [session.as_bytes().as_slice(), &sequence.to_be_bytes()].concat();
            let plain = unseal(desk, Purpose::Window, place, row.remove("body").as_ref())?;
            let window = v1::Window::decode(plain.as_slice()).map_err(Error::internal)?;
            row.insert("after_rest".to_owned(), after_rest(window.beginning()));
            row.insert("features".to_owned(), window.unpack().map(told).collect());
        }
        "profile" => {
            let plain = unseal(desk, Purpose::Profile, id(row, "subject_id")?, row.remove("body").as_ref())?;
            let profile: Profile = serde_json::from_slice(&plain).map_err(Error::internal)?;
            row.insert("summary".to_owned(), summary(&profile));
        }
        "session" => {
            let sealed = row.remove("state").filter(|state| !state.is_null());
            let state = match sealed {
                None => Value::Null,
                Some(sealed) => {
                    let plain = unseal(desk, Purpose::SessionState, id(row, "id")?, Some(&sealed))?;
                    serde_json::from_slice(&plain).map_err(Error::internal)?
                }
            };
            row.insert("state".to_owned(), state);
        }
        // Given at the head of the export.
        "subject_name" => drop(row.remove("ciphertext")),
        _ => {}
    }
    Ok(())
}

fn id(row: &Map<String, Value>, column: &str) -> Result<Uuid> {
    let text = row.get(column).and_then(Value::as_str).unwrap_or_default();
    text.parse().map_err(Error::internal)
}

fn number(row: &Map<String, Value>, column: &str) -> Result<i64> {
    row.get(column).and_then(Value::as_i64).ok_or_else(|| Error::internal("a row without its number"))
}

fn unseal(
    desk: &Desk<'_>,
    purpose: Purpose,
    row: impl AsRef<[u8]>,
    sealed: Option<&Value>,
) -> Result<Vec<u8>> {
    let text = sealed.and_then(Value::as_str).and_then(|text| text.strip_prefix("\\x"));
    let sealed = hex::decode(text.unwrap_or_default()).map_err(Error::internal)?;
    desk.secrets.open(purpose, row, &sealed)
}

/// What a profile has learned, feature by feature, by modality.
fn summary(profile: &Profile) -> Value {
    let of = |(modality, stats): (tacit_proto::Modality, tacit_proto::FeatureStats)| {
        let features: Value = stats
            .iter()
            .map(|s| told((u32::from(s.feature.0), s.stat.count(), s.stat.mean(), s.stat.variance())))
            .collect();
        json!({ "modality": modality, "features": features })
    };
    profile.pooled().into_iter().map(of).collect()
}

/// A feature stat: the mean as it is kept, and what it stands for in the feature's unit.
fn told((id, count, mean, variance): (u32, u32, f64, f64)) -> Value {
    let of = u16::try_from(id).ok().and_then(|id| feature(FeatureId(id)));
    json!({
        "feature": id,
        "count": count,
        "mean": mean,
        "variance": variance,
        "typical": of.map(|f| f.raw(mean)),
    })
}
