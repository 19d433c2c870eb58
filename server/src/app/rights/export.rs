//! Everything that is held of one subject, opened and in words.

use prost::Message as _;
use serde::Serialize;
use serde_json::{Map, Value, json};
use tacit_engine::Profile;
use tacit_proto::catalogue::feature;
use tacit_proto::{FeatureId, v1};
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Desk, no_such_subject};
use crate::domain::audit::Action;
use crate::domain::{Caller, SubjectId};
use crate::secrets::Purpose;
use crate::store::held::OF_SUBJECT;
use crate::{Error, Result};

/// Everything that is held of one subject.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Export {
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
    /// Rows by table; what is encrypted at rest is given opened.
    #[schema(value_type = Object)]
    pub held: Map<String, Value>,
    /// What people and programs did that concerned the subject, this export among it.
    #[schema(value_type = Vec<Object>)]
    pub audit: Vec<Value>,
}

/// Gathers everything that is held of a subject, as of one moment, and notes in the audit log that it was.
///
/// # Errors
/// Not found; internal for what does not open; as the database.
pub async fn export(desk: Desk<'_>, caller: &Caller, id: SubjectId) -> Result<Export> {
    // Input of the subject goes on meanwhile.
    let mut unit = desk.store.begin().await?;
    let subject = unit.look_at_subject(id).await?.ok_or_else(no_such_subject)?;
    let name = desk.name(&mut unit, id).await?;
    let mut held = Map::new();
    for table in OF_SUBJECT {
        let mut rows = unit.rows_of(table, id).await?;
        for row in &mut rows {
            open(&desk, table.name, row)?;
        }
        held.insert(table.name.to_owned(), Value::Array(rows));
    }
    drop(unit);
    let (mut unit, _) = desk.held(id).await?;
    desk.record(&mut unit, caller, Action::SubjectExported, id, json!({})).await?;
    let audit = unit.audit_of(id).await?;
    unit.commit().await?;
    Ok(Export {
        subject_id: id.0,
        pseudonym: subject.pseudonym,
        name,
        created_at: subject.created_at,
        restricted_at: subject.restricted_at,
        exported_at: desk.ambient.now(),
        held,
        audit,
    })
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

/// A feature stat in words: the mean as it is kept, and what it stands for in the feature's unit.
fn told((id, count, mean, variance): (u32, u32, f64, f64)) -> Value {
    let of = u16::try_from(id).ok().and_then(|id| feature(FeatureId(id)));
    json!({
        "feature": id,
        "name": of.map(|f| f.name),
        "words": of.map(|f| f.words),
        "unit": of.map(|f| f.unit),
        "count": count,
        "mean": mean,
        "variance": variance,
        "typical": of.map(|f| f.raw(mean)),
    })
}
