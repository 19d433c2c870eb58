//! Training, scores and the population file.

use nalgebra::{DMatrix, DVector};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::{Calibration, Population, Profile, score, score_against};
use tacit_proto::{FeatureId, FeatureStats, Modality, Stat};

use crate::people::{Person, SESSION, SINGLE, SUBJECT, enrolled, features, pooled, population};

#[test]
fn training_finds_the_spreads_that_people_were_drawn_with() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let prior = population(&mut rng).prior(Modality::Keyboard).unwrap();
    assert_eq!(prior.features, features());
    for i in 0..prior.features.len() {
        let subject = prior.subject_cov[(i, i)].sqrt();
        let session = prior.session_cov[(i, i)].sqrt();
        assert!((subject - SUBJECT).abs() < 0.05, "subject spread {subject}");
        assert!((session - SESSION).abs() < 0.03, "session spread {session}");
        assert!((prior.within_sd[i] - SINGLE).abs() < 0.02, "single spread {}", prior.within_sd[i]);
        assert!((prior.mean[i] - 4.8).abs() < 0.08, "mean {}", prior.mean[i]);
    }
}

#[test]
fn the_parts_of_a_score_add_up() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut population = population(&mut rng);
    population.calibrate(Modality::Keyboard, Calibration { slope: 0.6, offset: -0.7 });
    let person = Person::draw(&mut rng);
    let profile = enrolled(&person, &mut rng);
    for _ in 0..20 {
        let other = Person::draw(&mut rng);
        let probe = pooled(&other.session(&mut rng, 1, 5));
        let score = score(&population, &profile, Modality::Keyboard, &probe).unwrap();
        let sum: f64 = score.families.iter().map(|f| f.llr).sum();
        assert!((sum - score.llr).abs() < 1e-9 * (1.0 + score.llr.abs()), "{sum} of {}", score.llr);
    }
}

#[test]
fn a_population_file_scores_as_the_population_it_was_written_from() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let population = population(&mut rng);
    let read = Population::from_json(&population.to_json()).unwrap();
    let person = Person::draw(&mut rng);
    let profile = enrolled(&person, &mut rng);
    let probe = pooled(&person.session(&mut rng, 2, 5));
    let reference =
        |p: &Population| score_against(p, &profile.prepare(p), Modality::Keyboard, &probe).unwrap().llr;
    assert!((reference(&population) - reference(&read)).abs() < 1e-3);
    assert!(Population::from_json("{}").is_err());
    assert!(Population::from_json(&population.to_json().replace("\"scale\":", "\"scale\":-")).is_err());
}

/// Three dimensions of known covariances, each unit its own scale.
const KNOWN: &str = r#"{"format":2,"provenance":["made up"],"models":[{"modality":"keyboard",
    "calibration":{"slope":1.0,"offset":0.0},
    "dimensions":[{"feature":1,"aspect":"mean","centre":4.5,"scale":1.0,"noise":0.09},
                  {"feature":2,"aspect":"mean","centre":4.6,"scale":1.0,"noise":0.16},
                  {"feature":20,"aspect":"mean","centre":5.2,"scale":1.0,"noise":0.25}],
    "subject":[[0.09, 0.05,0.08], [0.06]],
    "session":[[0.02, 0.01,0.03], [0.02]],
    "noise":[[1.0, 0.0,1.0], [1.0]]}]}"#;

fn shown(values: &[(u16, u32, f64)]) -> FeatureStats {
    let mut stats = FeatureStats::new();
    for (id, count, mean) in values {
        stats.add(FeatureId(*id), &Stat::new(*count, *mean, 0.1).unwrap());
    }
    stats
}

/// The ratio of a probe, from the joint Gaussian of everything that was seen, with Student's tail.
fn by_hand(population: &Population, enrolled: &[FeatureStats], probe: &FeatureStats) -> f64 {
    const TAIL: f64 = 15.0;
    let model = population.model(Modality::Keyboard).unwrap();
    let mut seen = Vec::new();
    for (session, stats) in enrolled.iter().chain([probe]).enumerate() {
        for (i, d) in model.dimensions.iter().enumerate() {
            if let Some(stat) = stats.get(d.feature) {
                seen.push((session, i, stat.mean() - d.centre, d.noise / f64::from(stat.count())));
            }
        }
    }
    let joint = DMatrix::from_fn(seen.len(), seen.len(), |r, c| {
        let (a, b) = (seen[r], seen[c]);
        let ((block, i), (other, j)) = (model.place(a.1).unwrap(), model.place(b.1).unwrap());
        if block != other {
            return 0.0;
        }
        let session = if a.0 == b.0 { model.session[block][(i, j)] } else { 0.0 };
        model.subject[block][(i, j)] + session + if r == c { a.3 } else { 0.0 }
    });
    let known = seen.iter().filter(|s| s.0 < enrolled.len()).count();
    let asked = seen.len() - known;
    let value = DVector::from_iterator(seen.len(), seen.iter().map(|s| s.2));
    let (k, p) = (value.rows(0, known).into_owned(), value.rows(known, asked).into_owned());
    let prior = joint.view((known, known), (asked, asked)).into_owned();
    let across = joint.view((known, 0), (asked, known)).into_owned();
    let gain = &across * joint.view((0, 0), (known, known)).into_owned().try_inverse().unwrap();
    let density = |value: DVector<f64>, covariance: DMatrix<f64>| {
        let squares = value.dot(&(covariance.clone().try_inverse().unwrap() * &value));
        let degrees = TAIL + f64::from(u32::try_from(value.len()).unwrap());
        -0.5 * degrees * (squares / TAIL).ln_1p() - 0.5 * covariance.determinant().ln()
    };
    density(&p - &gain * k, &prior - &gain * across.transpose()) - density(p, prior)
}

#[test]
fn a_score_is_what_the_joint_distribution_of_all_that_was_seen_says() {
    let population = Population::from_json(KNOWN).unwrap();
    let sessions = [
        shown(&[(1, 40, 4.7), (2, 30, 4.9), (20, 12, 5.0)]),
        shown(&[(1, 25, 4.6), (20, 9, 5.1)]),
        shown(&[(2, 60, 4.8)]),
    ];
    let mut profile = Profile::default();
    sessions.iter().for_each(|s| profile.learn(Modality::Keyboard, 100, s));
    for probe in [
        shown(&[(1, 10, 4.7), (2, 12, 4.8), (20, 5, 5.0)]),
        shown(&[(1, 50, 4.1), (20, 20, 5.6)]),
        shown(&[(2, 3, 5.3)]),
    ] {
        let expected = by_hand(&population, &sessions, &probe);
        let got = score(&population, &profile, Modality::Keyboard, &probe).unwrap().raw;
        assert!((got - expected).abs() < 1e-6, "{got} instead of {expected}");
    }
}

#[test]
fn one_absurd_feature_cannot_outweigh_all_others() {
    let population = Population::from_json(KNOWN).unwrap();
    let mut profile = Profile::default();
    profile.learn(Modality::Keyboard, 100, &shown(&[(1, 40, 4.7), (2, 30, 4.9), (20, 12, 5.0)]));
    let at = |odd: f64| {
        let probe = shown(&[(1, 40, 4.7), (2, 30, 4.9), (20, 12, odd)]);
        score(&population, &profile, Modality::Keyboard, &probe).unwrap().llr
    };
    assert!((at(9.0) - at(50.0)).abs() < 1e-9);
    assert!(at(5.0) > at(9.0) && at(9.0) > -3.0);
}

#[test]
fn people_are_told_apart() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let population = population(&mut rng);
    let people: Vec<Person> = (0..40).map(|_| Person::draw(&mut rng)).collect();
    let profiles: Vec<Profile> = people.iter().map(|p| enrolled(p, &mut rng)).collect();
    let probes: Vec<FeatureStats> = people.iter().map(|p| pooled(&p.session(&mut rng, 1, 8))).collect();
    let (mut genuine, mut impostor) = (Vec::new(), Vec::new());
    for (i, profile) in profiles.iter().enumerate() {
        for (j, probe) in probes.iter().enumerate() {
            let llr = score(&population, profile, Modality::Keyboard, probe).unwrap().llr;
            if i == j { genuine.push(llr) } else { impostor.push(llr) }
        }
    }
    // People drawn from the model itself are scored as the model says: zero is the threshold of even odds.
    assert!(genuine.iter().filter(|s| **s < 0.0).count() <= 1);
    assert!(impostor.iter().filter(|s| **s > 0.0).count() <= impostor.len() / 40);
}

#[test]
fn training_gives_the_same_population_every_time() {
    let file = || population(&mut ChaCha8Rng::seed_from_u64(13)).to_json();
    assert_eq!(file(), file());
}
