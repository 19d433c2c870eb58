//! Events as other systems read them.

use serde_json::{Value, json};
use tacit_server::domain::alert::Severity;
use tacit_server::domain::destination::Format;
use tacit_server::out::{Device, Message, Subject, format};
use time::macros::datetime;
use uuid::Uuid;

use crate::common::others::judged_as_ocsf;

fn told(verdict: &str, before: Option<&str>, severity: Severity) -> Message {
    Message {
        id: Uuid::from_u128(7),
        kind: "tacit.verdict.changed".to_owned(),
        severity,
        at: datetime!(2026-03-02 09:00:00.25 UTC),
        recorded_at: datetime!(2026-03-02 09:00:01 UTC),
        group: "default".to_owned(),
        body: json!({
            "verdict": verdict, "before": before, "trust": 1.5, "llr": -9.5,
            "cause": (verdict == "different_person").then_some("credential"),
            "reason": "typing unlike this person: a|b=c\\d\nnext",
            "evidence": [{ "family": "key_hold", "llr": -6.25, "words": "keys held longer" }],
            "sequence": 5,
        }),
        session: Some(Uuid::from_u128(1)),
        subject: Some(Subject { id: Uuid::from_u128(2), pseudonym: "s_one".to_owned(), account: None }),
        device: Some(Device { id: Uuid::from_u128(3), name: "desk-1".to_owned() }),
    }
}

fn all() -> Vec<Message> {
    let mut bare = told("genuine", None, Severity::Info);
    (bare.session, bare.subject, bare.device) = (None, None, None);
    bare.kind = "tacit.test".to_owned();
    bare.body = json!({ "reason": "a trial" });
    vec![
        told("different_person", None, Severity::High),
        told("automation", Some("suspicious"), Severity::High),
        told("suspicious", None, Severity::Low),
        told("silent", None, Severity::Medium),
        told("genuine", Some("different_person"), Severity::Info),
        bare,
    ]
}

fn written(format: Format, message: &Message) -> Value {
    let text = format::write(format, message);
    assert!(!text.contains('\n'), "{text}");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn ocsf_events_are_what_the_published_schema_describes() {
    let mut events = Vec::new();
    for format in [Format::Ocsf, Format::OcsfAuthentication] {
        for message in all() {
            let event = written(format, &message);
            let [class, activity] = ["class_uid", "activity_id"].map(|name| event[name].as_u64().unwrap());
            assert_eq!(event["type_uid"], class * 100 + activity);
            assert_eq!(event["time"], 1_772_442_000_250_u64);
            events.push(event);
        }
    }
    let sound = events.len();
    // What is wrong is told from what is right.
    for (name, value) in [("finding_info", json!(null)), ("invented", json!(1)), ("severity_id", json!(7))] {
        let mut wrong = events[0].clone();
        wrong[name] = value;
        events.push(wrong);
    }
    let answers = judged_as_ocsf(&json!(events)).await;
    for (at, (event, answer)) in events.iter().zip(&answers).enumerate() {
        assert_eq!(answer["refused"].is_null(), at < sound, "{answer:#} {event:#}");
    }
    assert_eq!([&answers[0]["ok"], &answers[sound - 1]["ok"]], ["detection_finding", "authentication"]);
}

#[test]
fn a_finding_is_made_changed_and_closed_and_an_authentication_succeeds_or_fails() {
    let seen = |format, at: usize| {
        let event = written(format, &all()[at]);
        (event["activity_id"].clone(), event["status"].clone(), event["severity"].clone())
    };
    assert_eq!(seen(Format::Ocsf, 0), (json!(1), json!("New"), json!("High")));
    assert_eq!(seen(Format::Ocsf, 1), (json!(2), json!("New"), json!("High")));
    assert_eq!(seen(Format::Ocsf, 4), (json!(3), json!("Resolved"), json!("Informational")));
    assert_eq!(seen(Format::OcsfAuthentication, 0).1, "Failure");
    assert_eq!(seen(Format::OcsfAuthentication, 2).1, "Unknown");
    assert_eq!(seen(Format::OcsfAuthentication, 4).1, "Success");
    let finding = written(Format::Ocsf, &all()[0]);
    assert_eq!(finding["finding_info"]["uid"], Uuid::from_u128(1).to_string());
    assert_eq!(finding["finding_info"]["attacks"][0]["technique"]["uid"], "T1078");
    assert_eq!((&finding["risk_score"], &finding["is_alert"]), (&json!(99), &json!(true)));
    assert_eq!(finding["metadata"]["uid"], Uuid::from_u128(7).to_string());
}

#[test]
fn ecs_documents_use_values_that_the_schema_allows() {
    for message in all() {
        let document = written(Format::Ecs, &message);
        let event = &document["event"];
        // Allowed values of ECS 8.11: event.kind, event.category, event.type of either category, event.outcome.
        let one_of =
            |value: &Value, allowed: &[&str]| assert!(allowed.contains(&value.as_str().unwrap()), "{value}");
        one_of(&event["kind"], &["alert", "event"]);
        one_of(&event["category"][0], &["authentication", "intrusion_detection"]);
        one_of(&event["type"][0], &["info"]);
        one_of(&event["outcome"], &["success", "failure", "unknown"]);
        assert!(document["@timestamp"].is_string() && document["ecs"]["version"] == "8.11.0");
    }
    let accused = written(Format::Ecs, &all()[0]);
    assert_eq!((&accused["user"]["id"], &accused["host"]["name"]), (&json!("s_one"), &json!("desk-1")));
    assert_eq!(
        (&accused["event"]["action"], &accused["event"]["risk_score"]),
        (&json!("different_person"), &json!(98.5))
    );
}

/// Reads a CEF line back as a collector would.
fn read_cef(line: &str) -> (Vec<String>, Vec<(String, String)>) {
    let mut header = vec![String::new()];
    let mut chars = line.chars();
    while header.len() < 8 {
        match chars.next().unwrap() {
            '\\' => header.last_mut().unwrap().push(chars.next().unwrap()),
            '|' => header.push(String::new()),
            c => header.last_mut().unwrap().push(c),
        }
    }
    let rest: String = chars.collect();
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut word = String::new();
    let mut chars = rest.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next().unwrap() {
                'n' => word.push('\n'),
                c => word.push(c),
            },
            '=' => {
                let (value, key) = word.rsplit_once(' ').unwrap_or(("", &word));
                if let Some(last) = pairs.last_mut() {
                    last.1 = value.to_owned();
                }
                pairs.push((key.to_owned(), String::new()));
                word.clear();
            }
            c => word.push(c),
        }
    }
    pairs.last_mut().unwrap().1 = word;
    (header, pairs)
}

#[test]
fn cef_lines_read_back_as_what_was_told() {
    let mut message = told("different_person", None, Severity::High);
    message.device.as_mut().unwrap().name = "desk=1 |\\ x".to_owned();
    let (header, pairs) = read_cef(&format::write(Format::Cef, &message));
    assert_eq!(header[..3], ["CEF:0", "Tacit", "tacit-server"]);
    assert_eq!(header[4..7], ["different_person", "Someone else logged on with this account", "8"]);
    let value = |key: &str| pairs.iter().find(|(k, _)| k == key).map(|(_, value)| value.as_str());
    assert_eq!(value("shost"), Some("desk=1 |\\ x"));
    assert_eq!(value("msg"), message.text("reason"));
    assert_eq!((value("suid"), value("suser"), value("cfp1")), (Some("s_one"), None, Some("1.50")));
    assert_eq!(value("rt"), Some("1772442000250"));
}
