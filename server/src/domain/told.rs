//! Which verdicts are worth telling other systems: those that change what stands of a session. Pure.

use tacit_engine::VerdictKind;

use super::alert::Severity;
use super::verdict;

/// How much a verdict matters.
#[must_use]
pub fn severity(kind: VerdictKind) -> Severity {
    match kind {
        VerdictKind::DifferentPerson | VerdictKind::Automation => Severity::High,
        VerdictKind::Silent => Severity::Medium,
        VerdictKind::Suspicious => Severity::Low,
        VerdictKind::Learning | VerdictKind::Genuine | VerdictKind::NotScorable => Severity::Info,
    }
}

/// Verdicts told of a session since it was last genuine, the one that stands last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told(Vec<VerdictKind>);

/// A change worth telling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What stands from now on.
    pub now: VerdictKind,
    /// What stood, if not genuine.
    pub before: Option<VerdictKind>,
    /// What this is about for those who want to hear of some verdicts only: itself, or all that it ends.
    pub about: Vec<VerdictKind>,
}

impl Told {
    /// Of what is stored.
    #[must_use]
    pub fn stored(names: &[String]) -> Self {
        Self(names.iter().filter_map(|name| verdict::named(name)).collect())
    }

    /// As stored.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|kind| verdict::name(*kind).to_owned()).collect()
    }

    /// Takes a verdict. `None` if it changes nothing that was told: it stands already, or it says that it cannot say.
    pub fn take(&mut self, kind: VerdictKind) -> Option<Change> {
        let before = self.0.last().copied();
        match kind {
            VerdictKind::Learning | VerdictKind::NotScorable => None,
            VerdictKind::Genuine => {
                let about = std::mem::take(&mut self.0);
                before.map(|before| Change { now: kind, before: Some(before), about })
            }
            VerdictKind::DifferentPerson
            | VerdictKind::Automation
            | VerdictKind::Suspicious
            | VerdictKind::Silent => {
                if before == Some(kind) {
                    return None;
                }
                self.0.retain(|told| *told != kind);
                self.0.push(kind);
                Some(Change { now: kind, before, about: vec![kind] })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use VerdictKind as V;

    #[test]
    fn what_changes_is_told_once_and_what_ends_it_names_all_that_ends() {
        let mut told = Told::default();
        assert_eq!((told.take(V::Learning), told.take(V::Genuine)), (None, None));
        let doubt = told.take(V::Suspicious).unwrap();
        assert_eq!((doubt.before, doubt.about), (None, vec![V::Suspicious]));
        assert_eq!((told.take(V::Suspicious), told.take(V::NotScorable)), (None, None));
        assert_eq!(told.take(V::DifferentPerson).unwrap().before, Some(V::Suspicious));
        assert_eq!(told.take(V::Suspicious).unwrap().before, Some(V::DifferentPerson));
        // Kept over a restart.
        let mut told = Told::stored(&told.names());
        let end = told.take(V::Genuine).unwrap();
        assert_eq!((end.before, end.about), (Some(V::Suspicious), vec![V::DifferentPerson, V::Suspicious]));
        assert_eq!((told.take(V::Genuine), told), (None, Told::default()));
    }
}
