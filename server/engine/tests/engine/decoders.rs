//! What the engine reads back: profiles, session states, populations.

use proptest::prelude::*;
use serde_json::json;
use tacit_engine::{Occasion, Profile, SessionState};

use crate::{bytes, mutated};

fn samples() -> Vec<Vec<u8>> {
    let profile = bytes::profile_of_somebody();
    let mut state = SessionState::default();
    state.may_have_changed_hands(Occasion::Unlock);
    state.at_work_elsewhere();
    let states = [
        bytes::observed(SessionState::default(), &Profile::default(), &[4.8, 4.9, 4.8]),
        bytes::observed(state, &profile, &[4.8, 4.9, 6.0]),
    ];
    // A count that has come to its end.
    let mut spent = serde_json::to_value(&states[1]).unwrap();
    spent["hazard"] = json!({
        "beginnings": [7.0, 0.2], "begins": 7.0, "factors": [2.0], "excess": 1.0, "since": usize::MAX
    });
    let states =
        states.iter().map(|state| serde_json::to_vec(state).unwrap()).chain([spent.to_string().into()]);
    states.chain([serde_json::to_vec(&profile).unwrap(), bytes::population_file().into_bytes()]).collect()
}

#[test]
fn samples_are_what_they_are_taken_for() {
    for sample in samples() {
        assert!(bytes::drive(&sample), "{}", String::from_utf8_lossy(&sample));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_survived(data in mutated::any_or_mutated(samples())) {
        bytes::drive(&data);
    }
}
