//! Parameters of requests: what cannot be read is a problem that names the parameter and what is expected of it, and what is
//! not known is refused by name.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::Serialize;
use tacit_engine::VerdictKind;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;
use uuid::Uuid;

use super::problem::Failure;
use crate::app::read::{LIMIT_MOST, Page};
use crate::domain::verdict;
use crate::{Error, Result};

/// Characters of a short field at most.
const SHORT: usize = 64;
/// Characters of a stranger's parameter name that are said back.
const SAID_BACK: usize = 64;

/// The query string, read field by field.
pub(super) struct Fields {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
}

impl Fields {
    /// The text of a field.
    pub(super) fn text(&mut self, name: &'static str) -> Result<Option<String>> {
        self.known.push(name);
        let Some(at) = self.given.iter().position(|(given, _)| given == name) else { return Ok(None) };
        let (_, value) = self.given.swap_remove(at);
        if self.given.iter().any(|(given, _)| given == name) {
            return Err(Error::of_field(name, format!("{name} is given more than once")));
        }
        Ok(Some(value))
    }

    /// A field of 1 to [`SHORT`] characters.
    pub(super) fn short(&mut self, name: &'static str) -> Result<Option<String>> {
        let text = self.text(name)?;
        if text.as_ref().is_some_and(|text| !(1..=SHORT).contains(&text.chars().count())) {
            return Err(Error::of_field(name, format!("{name} must be 1 to {SHORT} characters")));
        }
        Ok(text)
    }

    /// The value of a field; `expected` ends the sentence "NAME must be".
    pub(super) fn value<T: FromStr>(&mut self, name: &'static str, expected: &str) -> Result<Option<T>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let value = text.parse().map_err(|_| Error::of_field(name, format!("{name} must be {expected}")))?;
        Ok(Some(value))
    }

    /// The id in a field.
    pub(super) fn id(&mut self, name: &'static str) -> Result<Option<Uuid>> {
        self.value(name, "a UUID")
    }

    /// The moment in a field.
    pub(super) fn time(&mut self, name: &'static str) -> Result<Option<OffsetDateTime>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        // A `+` that was not encoded arrives as a space.
        let at = OffsetDateTime::parse(&text.replace(' ', "+"), &Rfc3339);
        // What Postgres can keep, with room around it.
        let at = at.ok().filter(|at| (1..=9_000).contains(&at.year()));
        let wrong = || Error::of_field(name, format!("{name} must be a time such as 2026-03-02T09:00:00Z"));
        at.map(Some).ok_or_else(wrong)
    }

    /// Answers in a field, with commas between.
    pub(super) fn verdicts(&mut self, name: &'static str) -> Result<Option<Vec<VerdictName>>> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let names: Result<Vec<VerdictName>, ()> = text.split(',').map(str::parse).collect();
        let expected = || format!("{name} must be one or more, with commas, of {}", VerdictName::EXPECTED);
        names.map(Some).map_err(|()| Error::of_field(name, expected()))
    }

    /// Which page.
    pub(super) fn page(&mut self) -> Result<Page> {
        let limit = self.value("limit", &format!("a number from 1 to {LIMIT_MOST}"))?;
        Ok(Page { after: self.text("after")?, limit })
    }

    /// Refuses what was given and not asked for.
    fn finish(self) -> Result<()> {
        let Some((name, _)) = self.given.first() else { return Ok(()) };
        let name: String = name.chars().take(SAID_BACK).collect();
        let known = match self.known.as_slice() {
            [] => "this route takes none".to_owned(),
            known => format!("this route takes {}", known.join(", ")),
        };
        Err(Error::of_field(&name, format!("there is no parameter `{name}`: {known}")))
    }
}

/// Parameters that a route takes.
pub(super) trait FromFields: Sized {
    /// Reads them.
    fn from_fields(fields: &mut Fields) -> Result<Self>;
}

/// The query string.
pub(super) struct Params<T>(pub(super) T);

impl<T: FromFields, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Ok(Query(given)) = Query::try_from_uri(&parts.uri) else {
            return Err(Failure(Error::invalid("the query string must be name=value&name=value")));
        };
        let mut fields = Fields { given, known: Vec::new() };
        let params = T::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(Self(params))
    }
}

/// The `{id}` of a path.
pub(super) struct Id(pub(super) Uuid);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<Uuid>::from_request_parts(parts, state).await {
            Ok(Path(id)) => Ok(Self(id)),
            Err(_) => Err(Failure(Error::of_field("id", "the id in the path must be a UUID"))),
        }
    }
}

/// Of a route that takes no parameters.
pub(super) struct Nothing;

impl FromFields for Nothing {
    fn from_fields(_: &mut Fields) -> Result<Self> {
        Ok(Self)
    }
}

/// Which page.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PageParams {
    /// `next` of the page before.
    after: Option<String>,
    /// Rows at most, 1 to 1000; 100 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

impl FromFields for PageParams {
    fn from_fields(fields: &mut Fields) -> Result<Self> {
        let Page { after, limit } = fields.page()?;
        Ok(Self { after, limit })
    }
}

impl From<PageParams> for Page {
    fn from(params: PageParams) -> Self {
        Self { after: params.after, limit: params.limit }
    }
}

/// The answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum VerdictName {
    /// The profile is not mature.
    Learning,
    /// The enrolled subject is at the controls.
    Genuine,
    /// Doubt, not enough to act on.
    Suspicious,
    /// Someone else is at the controls.
    DifferentPerson,
    /// A device or a program types or moves the pointer.
    Automation,
    /// Too little input, or input that cannot be judged.
    NotScorable,
    /// The agent is silent while the session lives.
    Silent,
}

impl VerdictName {
    /// What a parameter that names one must be.
    pub(super) const EXPECTED: &str =
        "learning, genuine, suspicious, different_person, automation, not_scorable or silent";
    const ALL: [Self; 7] = [
        Self::Learning,
        Self::Genuine,
        Self::Suspicious,
        Self::DifferentPerson,
        Self::Automation,
        Self::NotScorable,
        Self::Silent,
    ];

    /// As stored.
    pub(super) fn stored(self) -> &'static str {
        verdict::name(match self {
            Self::Learning => VerdictKind::Learning,
            Self::Genuine => VerdictKind::Genuine,
            Self::Suspicious => VerdictKind::Suspicious,
            Self::DifferentPerson => VerdictKind::DifferentPerson,
            Self::Automation => VerdictKind::Automation,
            Self::NotScorable => VerdictKind::NotScorable,
            Self::Silent => VerdictKind::Silent,
        })
    }
}

impl FromStr for VerdictName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|verdict| verdict.stored() == text).ok_or(())
    }
}
