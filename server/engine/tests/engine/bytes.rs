//! Any bytes as what the engine reads back, and what must hold of whatever is read from them. Shared by the property tests and
//! the fuzz target.

use std::sync::LazyLock;

use serde_json::json;
use tacit_engine::{Policy, Population, Profile, SessionState, score};
use tacit_proto::{Family, FeatureId, FeatureStats, Modality, catalogue};

/// Features of one block of the model.
fn features() -> Vec<FeatureId> {
    let holds =
        catalogue::ALL.iter().filter(|f| f.modality == Modality::Keyboard && f.family == Family::Hold);
    let mut features: Vec<FeatureId> = holds.map(|f| f.id).take(4).collect();
    features.sort_unstable();
    features
}

/// A population file of one small block.
pub(crate) fn population_file() -> String {
    let dimension = |feature: &FeatureId| json!({ "feature": feature, "aspect": "mean", "centre": 4.8, "scale": 0.25, "noise": 1.4 });
    let dimensions: Vec<_> = features().iter().map(dimension).collect();
    let lower = |variance: f64| {
        let row = |r: usize| (0..=r).map(move |c| if r == c { variance } else { 0.25 * variance });
        json!([(0..dimensions.len()).flat_map(row).collect::<Vec<_>>()])
    };
    let model = json!({
        "modality": Modality::Keyboard, "calibration": { "slope": 1.0, "offset": 0.0 }, "dimensions": dimensions,
        "subject": lower(1.0), "session": lower(0.125), "noise": lower(1.0),
    });
    json!({ "format": 2, "provenance": ["made up"], "models": [model] }).to_string()
}

static POPULATION: LazyLock<Population> =
    LazyLock::new(|| Population::from_json(&population_file()).expect("the file is sound"));

/// A window of somebody, and what a few of theirs teach.
fn window(mean: f64) -> FeatureStats {
    let mut stats = FeatureStats::new();
    for feature in features() {
        [-0.2, -0.1, 0.0, 0.1, 0.2].into_iter().for_each(|by| stats.push(feature, mean + by));
    }
    stats
}

pub(crate) fn profile_of_somebody() -> Profile {
    let mut profile = Profile::default();
    for by in [-0.02, 0.0, 0.02] {
        profile.learn(Modality::Keyboard, 1_000, &window(4.8 + by));
    }
    profile
}

/// A session that goes on for a few windows.
pub(crate) fn observed(mut state: SessionState, profile: &Profile, windows: &[f64]) -> SessionState {
    for mean in windows {
        let policy = Policy::default();
        state.observe(&POPULATION, profile, &policy, Modality::Keyboard, 60, &window(*mean));
    }
    state
}

/// Feeds everything of the engine that decodes, and says whether something took it.
pub(crate) fn drive(data: &[u8]) -> bool {
    let mut taken = false;
    if let Ok(profile) = serde_json::from_slice::<Profile>(data) {
        taken = true;
        let padded = profile.padded().expect("what was read is finite");
        assert!(padded.len() <= data.len().next_multiple_of(4_096));
        assert_eq!(serde_json::from_slice::<Profile>(&padded).expect("it is a profile"), profile);
        used(&POPULATION, &profile);
        observed(SessionState::default(), &profile, &[4.8, 4.9]).close(
            &POPULATION,
            &Policy::default(),
            &mut profile.clone(),
        );
    }
    if let Ok(state) = serde_json::from_slice::<SessionState>(data) {
        taken = true;
        let again = serde_json::to_vec(&state).expect("what was read is finite");
        assert_eq!(serde_json::from_slice::<SessionState>(&again).expect("it is a state"), state);
        for profile in [Profile::default(), profile_of_somebody()] {
            let mut state = observed(state.clone(), &profile, &[4.8, 6.0, 6.0]);
            state.false_alarm();
            observed(state, &profile, &[6.0]).close(&POPULATION, &Policy::default(), &mut profile.clone());
        }
    }
    if let Some(population) = std::str::from_utf8(data).ok().and_then(|text| Population::from_json(text).ok())
    {
        taken = true;
        let again = population.to_json();
        let again = Population::from_json(&again).unwrap_or_else(|error| panic!("{error}: {again}"));
        assert_eq!(again.provenance(), population.provenance());
        used(&population, &profile_of_somebody());
    }
    taken
}

/// What is made of a profile under a population.
fn used(population: &Population, profile: &Profile) {
    for (modality, stats) in profile.pooled() {
        assert!(!stats.iter().any(|s| s.stat.mean().is_nan()));
        let _ = (population.prior(modality), score(population, profile, modality, &stats));
    }
    let _ = profile.bytes(population);
    for modality in Modality::ALL {
        assert!(profile.moved(population, modality).is_none_or(|distance| distance >= 0.0));
    }
    assert!(profile.maturity(&Policy::default()).len() <= profile.pooled().len());
}
