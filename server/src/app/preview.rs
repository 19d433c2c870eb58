//! What a policy would have done: the verdicts of the last days, replayed under it and under the one in force.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::{App, policies};
use crate::domain::Scope;
use crate::domain::policy::{GroupPolicy, Response, check_group};
use crate::domain::preview::{Known, Replayed, replay};
use crate::{Error, Result};

/// Days that are replayed, and at most.
const DAYS: u32 = 30;
/// Sessions that are replayed at most, those with the latest doubts.
const MOST: i64 = 5_000;
/// Previews that this process makes at one time; others wait for their turn, and leave connections for everyone else.
static TURNS: Semaphore = Semaphore::const_new(2);
/// Sessions read at once.
const AT_ONCE: usize = 100;

/// A policy to try.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Trial {
    /// What it would state; what is left out is as in a policy that nobody has changed.
    pub policy: GroupPolicy,
    /// Days to replay, 1 to 30; 30 unless given.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 30)]
    pub days: Option<u32>,
}

/// How often a response would have been sent, and to how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Times {
    /// Responses.
    pub responses: u32,
    /// People who would have met any.
    pub people: u32,
    /// Of them, people of whom nobody has confirmed an accusation: the honest ones, as far as anyone knows.
    pub honest_people: u32,
}

/// What would have followed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Followed {
    /// Notices.
    pub notify: Times,
    /// Requests to confirm who is there.
    pub step_up: Times,
    /// Locks.
    pub lock: Times,
    /// Responses that rules would have withheld, by rule.
    #[schema(value_type = BTreeMap<String, u32>)]
    pub withheld: BTreeMap<&'static str, u32>,
}

/// A policy, tried on what was.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Preview {
    /// Of which group.
    pub group: String,
    /// Since when verdicts were replayed.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// Sessions with any doubt, which alone can be responded to.
    pub sessions: u32,
    /// All of them were replayed, not the latest 5000 alone.
    pub complete: bool,
    /// What would have followed under the policy that is tried.
    pub tried: Followed,
    /// What would have followed under the policy in force.
    pub in_force: Followed,
}

/// Tries a policy on the verdicts of a group's devices.
///
/// # Errors
/// Not found for a group that is not there; invalid argument for a policy that makes no sense; as the database.
pub async fn preview(app: &App, scope: &Scope, group: &str, trial: &Trial) -> Result<Preview> {
    check_group(group)?;
    trial.policy.validate()?;
    let days = trial.days.unwrap_or(DAYS);
    if !(1..=DAYS).contains(&days) {
        return Err(Error::of_field("days", format!("days must lie from 1 to {DAYS}")));
    }
    let in_force = policies::one(app, scope, group).await?.current.policy;
    let _turn = TURNS.acquire().await.map_err(Error::internal)?;
    let now = app.ambient.now();
    let since = now - Duration::days(i64::from(days));
    let unscored =
        [&trial.policy, &in_force].into_iter().any(|policy| policy.verdicts.not_scorable != Response::Record);
    let sessions = app.store.read_doubted(Some(group), since, now, unscored, MOST).await?;
    let confirmed: BTreeSet<Uuid> = sessions.iter().filter(|s| s.confirmed).map(|s| s.subject_id).collect();
    let settings = &app.settings.policy.judging;
    let (mut tried, mut standing) = (Tally::default(), Tally::default());
    for some in sessions.chunks(AT_ONCE) {
        let ids: Vec<Uuid> = some.iter().map(|session| session.id).collect();
        let mut given = app.store.read_given(&ids, since).await?;
        for session in some {
            let verdicts = given.remove(&session.id).unwrap_or_default();
            let known = Known { mature: session.mature, exempt: session.exempt };
            for (tally, policy) in [(&mut tried, &trial.policy), (&mut standing, &in_force)] {
                tally.add(session.subject_id, replay(&verdicts, known, policy, &policy.judging(settings)));
            }
        }
    }
    Ok(Preview {
        group: group.to_owned(),
        since,
        sessions: u32::try_from(sessions.len()).unwrap_or(u32::MAX),
        complete: i64::try_from(sessions.len()).is_ok_and(|count| count < MOST),
        tried: tried.followed(&confirmed),
        in_force: standing.followed(&confirmed),
    })
}

#[derive(Default)]
struct Tally {
    sent: BTreeMap<Response, (u32, BTreeSet<Uuid>)>,
    withheld: BTreeMap<&'static str, u32>,
}

impl Tally {
    fn add(&mut self, subject: Uuid, replayed: Replayed) {
        for (response, count) in replayed.sent {
            let (responses, people) = self.sent.entry(response).or_default();
            *responses += count;
            people.insert(subject);
        }
        for (rule, count) in replayed.withheld {
            *self.withheld.entry(rule).or_default() += count;
        }
    }

    fn followed(self, confirmed: &BTreeSet<Uuid>) -> Followed {
        let times = |response| {
            let Some((responses, people)) = self.sent.get(&response) else { return Times::default() };
            let count = |people: usize| u32::try_from(people).unwrap_or(u32::MAX);
            let honest = people.iter().filter(|subject| !confirmed.contains(subject)).count();
            Times { responses: *responses, people: count(people.len()), honest_people: count(honest) }
        };
        let (notify, step_up, lock) =
            (times(Response::Notify), times(Response::StepUp), times(Response::Lock));
        Followed { notify, step_up, lock, withheld: self.withheld }
    }
}
