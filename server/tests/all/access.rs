//! Who may call each RPC.

use tacit_server::ErrorKind;
use tacit_server::domain::access::{Who, authorize, rule};
use tacit_server::domain::{ApiKeyId, Caller, DeviceId, Role, Scope};
use uuid::Uuid;

const PROTOS: [&str; 2] = [
    include_str!("../../../proto/tacit/v1/enrollment.proto"),
    include_str!("../../../proto/tacit/v1/telemetry.proto"),
];

fn rpcs() -> Vec<String> {
    let mut found = Vec::new();
    for line in PROTOS.iter().flat_map(|text| text.lines()) {
        let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
        match words.as_slice() {
            ["service", name, ..] if line.starts_with("service ") => found.push((*name).to_owned()),
            ["rpc", name, ..] if line.trim_start().starts_with("rpc ") => {
                let service = found.iter().rev().find(|s| !s.contains('/')).unwrap();
                found.push(format!("/tacit.v1.{service}/{name}"));
            }
            _ => {}
        }
    }
    found.retain(|name| name.starts_with('/'));
    found
}

fn callers() -> Vec<Option<Caller>> {
    let id = Uuid::from_u128(1);
    let mut callers = vec![None, Some(Caller::Device(DeviceId(id)))];
    for role in Role::ALL {
        callers.push(Some(Caller::ApiKey { id: ApiKeyId(id), role, scope: Scope::every() }));
        callers.push(Some(Caller::User { subject: "someone".to_owned(), role, scope: Scope::every() }));
    }
    callers
}

#[test]
fn every_rpc_has_a_row_and_lets_in_exactly_who_it_names() {
    let rpcs = rpcs();
    assert_eq!(
        rpcs,
        ["/tacit.v1.Enrollment/EnrollDevice", "/tacit.v1.Enrollment/RotateKey", "/tacit.v1.Telemetry/Stream"]
    );
    for rpc in rpcs {
        let who = rule(&rpc).unwrap_or_else(|| panic!("{rpc} has no row")).who;
        for caller in callers() {
            let may = match who {
                Who::Anyone | Who::EnrolmentToken => true,
                Who::Device => matches!(caller, Some(Caller::Device(_))),
                Who::Roles(roles) => {
                    caller.as_ref().and_then(Caller::role).is_some_and(|r| roles.contains(&r))
                }
            };
            assert_eq!(authorize(&rpc, caller.as_ref()).is_ok(), may, "{rpc} {caller:?}");
        }
    }
}

#[test]
fn a_call_without_a_row_is_for_nobody() {
    let admin = Caller::ApiKey { id: ApiKeyId(Uuid::from_u128(1)), role: Role::Admin, scope: Scope::every() };
    let error = authorize("DELETE /v1/everything", Some(&admin)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}
