//! Opened profiles by version: a cache only, so that any process can judge any session.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;
use tacit_engine::{Maturity, Policy, Population, Profile};
use uuid::Uuid;

use super::judge::Versioned;
use crate::domain::SubjectId;
use crate::domain::drift::Drift;
use crate::secrets::{Purpose, Secrets};
use crate::store::Unit;
use crate::{Error, Result};

/// Profiles kept in memory at most.
const MOST: usize = 4_096;

/// Opened profiles of recently seen subjects.
#[derive(Debug, Default)]
pub struct ProfileCache {
    held: Mutex<HashMap<SubjectId, Versioned>>,
}

impl ProfileCache {
    /// Keeps a profile that was committed.
    pub fn put(&self, subject: SubjectId, version: i64, profile: Arc<Profile>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= MOST && !held.contains_key(&subject) {
            held.clear();
        }
        held.insert(subject, Versioned { version, profile });
    }

    /// Lets go of a profile that is no longer there.
    pub fn forget(&self, subject: SubjectId) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(&subject);
    }

    fn get(&self, subject: SubjectId, version: i64) -> Option<Versioned> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(&subject).filter(|v| v.version == version).cloned()
    }

    /// The profiles of subjects as they stand now; a subject without one is absent.
    pub(super) async fn load(
        &self,
        unit: &mut Unit,
        secrets: &Secrets,
        subjects: &[Uuid],
    ) -> Result<BTreeMap<SubjectId, Versioned>> {
        let mut loaded = BTreeMap::new();
        if subjects.is_empty() {
            return Ok(loaded);
        }
        let mut missing = Vec::new();
        for (subject, version) in unit.profile_versions(subjects).await? {
            match self.get(subject, version) {
                Some(held) => {
                    loaded.insert(subject, held);
                }
                None => missing.push(subject.0),
            }
        }
        if missing.is_empty() {
            return Ok(loaded);
        }
        for row in unit.profiles(&missing).await? {
            let plain = secrets.open(Purpose::Profile, row.subject_id.0, &row.body)?;
            let profile: Arc<Profile> = Arc::new(serde_json::from_slice(&plain).map_err(Error::internal)?);
            self.put(row.subject_id, row.version, Arc::clone(&profile));
            loaded.insert(row.subject_id, Versioned { version: row.version, profile });
        }
        Ok(loaded)
    }
}

/// What is kept of a modality of a profile beside the profile, so that it can be told without opening that.
#[derive(Debug, Serialize)]
struct State {
    #[serde(flatten)]
    maturity: Maturity,
    drift: Option<Drift>,
}

/// The state of a profile by modality, as it is kept beside the profile.
///
/// # Errors
/// Internal for what cannot be written.
pub(super) fn state(profile: &Profile, population: &Population, policy: &Policy) -> Result<Value> {
    let of = |maturity: Maturity| {
        let drift = profile.drift(population, policy, maturity.modality).map(Drift::from);
        State { maturity, drift }
    };
    let state: Vec<State> = profile.maturity(policy).into_iter().map(of).collect();
    serde_json::to_value(state).map_err(Error::internal)
}
