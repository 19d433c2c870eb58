//! Verdicts in one sentence.

use tacit_proto::Modality;

use crate::suffix::Strongest;
use crate::verdict::Cause;
use crate::{Assessment, Maturity, Policy, VerdictKind};

/// Of a verdict on some windows against a profile, and perhaps the session's own start; what it says follows the sign of
/// their ratio.
pub(crate) fn reason(kind: VerdictKind, cause: Option<Cause>, told: &Strongest) -> String {
    let (span, fit, are) = span(told.windows);
    let fits = told.llr >= 0.0;
    let start = if told.taken_over { ", and differ from the session's own start" } else { "" };
    match kind {
        VerdictKind::Genuine if fits => format!("{span} {fit} the profile"),
        VerdictKind::Genuine => {
            format!("{span} {are} less like the subject than usual, but within what chance allows")
        }
        VerdictKind::Suspicious | VerdictKind::DifferentPerson if fits => {
            format!("{span} {fit} the profile again, not yet by enough to lift the doubt")
        }
        VerdictKind::Suspicious => format!("{span} {fit} someone else better{start}; more input will tell"),
        VerdictKind::DifferentPerson if cause == Some(Cause::Credential) => {
            format!(
                "{span} {fit} someone else, by more than chance allows{start}, and the session never was like the subject"
            )
        }
        VerdictKind::DifferentPerson => {
            format!("{span} {fit} someone else, by more than chance allows{start}")
        }
        VerdictKind::Learning | VerdictKind::Automation | VerdictKind::NotScorable | VerdictKind::Silent => {
            String::new()
        }
    }
}

/// Of someone else who was told by the session's own start.
pub(crate) fn reason_of_start(llr: f64, windows: usize, why: &str) -> String {
    let (span, fit, _) = span(windows);
    if llr >= 0.0 {
        return format!("{span} {fit} the session's own start again, not yet by enough to lift the doubt");
    }
    let differ = if windows == 1 { "differs" } else { "differ" };
    format!("{span} {differ} from the session's own start by more than chance allows; {why}")
}

/// Of a session that the profile does not fit although people say that it is the subject's.
pub(crate) fn reason_of_change(windows: usize) -> String {
    let (span, ..) = span(windows);
    let does = if windows == 1 { "does" } else { "do" };
    format!(
        "{span} {does} not fit the profile, but it was said to be the subject: the profile has yet to learn of it"
    )
}

fn span(windows: usize) -> (String, &'static str, &'static str) {
    if windows == 1 {
        ("the last window".to_owned(), "fits", "is")
    } else {
        (format!("the last {windows} windows"), "fit", "are")
    }
}

/// How far a profile that is not mature has come.
pub(crate) fn learning(maturity: &[Maturity], policy: &Policy) -> Assessment {
    let of = |modality: Modality, least: u64, unit: &str| {
        let so_far = maturity.iter().find(|m| m.modality == modality);
        let (sessions, inputs) = so_far.map_or((0, 0), |m| (m.sessions, m.inputs));
        format!("{inputs} of {least} {unit} in {sessions} of {} sessions", policy.mature_sessions)
    };
    let mut reason = format!(
        "the profile is being learned: {}; {}",
        of(Modality::Keyboard, policy.mature_keystrokes, "keystrokes"),
        of(Modality::Pointer, policy.mature_strokes, "strokes"),
    );
    // Most workstations have no touch screen.
    if maturity.iter().any(|m| m.modality == Modality::Touch) {
        reason += "; ";
        reason += &of(Modality::Touch, policy.mature_strokes, "touch strokes");
    }
    Assessment {
        kind: VerdictKind::Learning,
        cause: None,
        trust: None,
        llr: None,
        reason,
        evidence: Vec::new(),
    }
}
