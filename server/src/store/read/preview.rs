//! Verdicts as a preview of a policy replays them.

use std::collections::BTreeMap;

use tacit_engine::VerdictKind;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::preview::Given;
use crate::domain::verdict;
use crate::store::Store;
use crate::{Error, Result};

/// A session that someone might have been interrupted in.
#[derive(Debug, Clone)]
pub struct Doubted {
    /// Which.
    pub id: Uuid,
    /// Whose.
    pub subject_id: Uuid,
    /// The subject has a mature profile now.
    pub mature: bool,
    /// The subject is exempt now.
    pub exempt: bool,
    /// Someone confirmed what was said of it.
    pub confirmed: bool,
}

impl Store {
    /// Sessions on devices of a group, or of all, of which anything but `genuine`, `learning` and, unless `unscored`, `not_scorable` was
    /// recorded since a moment; at most `limit`, those with the latest verdicts first.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_doubted(
        &self,
        group: Option<&str>,
        since: OffsetDateTime,
        now: OffsetDateTime,
        unscored: bool,
        limit: i64,
    ) -> Result<Vec<Doubted>> {
        let rows = sqlx::query_as!(
            Doubted,
            r#"select s.id, s.subject_id,
                      coalesce(jsonb_path_exists(p.maturity, '$[*].mature ? (@ == true)'), false) as "mature!",
                      exists (select from exemption e where e.subject_id = s.subject_id and e.ended_at is null
                              and e.made_at <= $3 and e.until > $3) as "exempt!",
                      (exists (select from alert a where a.session_id = s.id and a.resolution = 'confirmed')
                       or exists (select from feedback f where f.session_id = s.id and f.said = 'confirmed'))
                          as "confirmed!"
               from (select v.session_id, max(v.id) as last from verdict v
                     where v.recorded_at >= $2
                       and (v.verdict in ('suspicious', 'different_person', 'automation', 'silent')
                            or $5 and v.verdict = 'not_scorable')
                     group by v.session_id) doubted
               join session s on s.id = doubted.session_id
               join device d on d.id = s.device_id
               left join profile p on p.subject_id = s.subject_id
               where $1::text is null or d.group_name = $1
               order by doubted.last desc limit $4"#,
            group,
            since,
            now,
            limit,
            unscored
        );
        let mut unit = self.begin_planning_each().await?;
        let rows = rows.fetch_all(&mut *unit.tx).await?;
        unit.commit().await?;
        Ok(rows)
    }

    /// The verdicts of sessions since a moment, by session, oldest first.
    ///
    /// # Errors
    /// As the database.
    pub async fn read_given(
        &self,
        sessions: &[Uuid],
        since: OffsetDateTime,
    ) -> Result<BTreeMap<Uuid, Vec<Given>>> {
        let rows = sqlx::query!(
            // Of what was no window there is an event, kept for as long as the session; windows are not.
            r#"select v.session_id, v.verdict, v.trust, v.at, v.recorded_at,
                      not exists (select from session_event e where e.session_id = v.session_id and e.sequence = v.sequence)
                          as "on_window!"
               from verdict v where v.session_id = any($1) and v.recorded_at >= $2
               order by v.session_id, v.sequence, v.id"#,
            sessions,
            since
        )
        .fetch_all(self.pool())
        .await?;
        let mut given: BTreeMap<Uuid, Vec<Given>> = BTreeMap::new();
        for row in rows {
            let kind = verdict::named(&row.verdict)
                .ok_or_else(|| Error::internal(format!("a verdict {}", row.verdict)))?;
            given.entry(row.session_id).or_default().push(Given {
                kind,
                trust: row.trust.map(f64::from),
                at: row.recorded_at,
                late: row.recorded_at - row.at,
                on_window: row.on_window && kind != VerdictKind::Silent,
            });
        }
        Ok(given)
    }
}
