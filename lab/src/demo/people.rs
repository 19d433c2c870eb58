//! The people of the demo.

use anyhow::{Context, Result};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tacit_engine::Population;
use tacit_measure::{Automation, Locator};

use crate::simulate::{Person, located};

/// Sittings that a person is tried in, and keys of each.
const SITTINGS: u64 = 4;
const KEYS: usize = 1_500;

/// Draws a person whose typing passes for a hand's. A simulated person's times are drawn one by one, which is what a machine is
/// told by: one in twenty shows it.
pub(super) fn draw(population: &Population, rng: &mut ChaCha8Rng) -> Result<Person> {
    loop {
        let person = Person::draw(population, rng).context("the shipped population lacks a modality")?;
        if (0..SITTINGS).all(|sitting| passes(&person, population, sitting)) {
            return Ok(person);
        }
    }
}

fn passes(person: &Person, population: &Population, sitting: u64) -> bool {
    let typed = person.sit_down(population, 0, ChaCha8Rng::seed_from_u64(sitting)).type_keys(KEYS);
    let (mut automation, mut told) = (Automation::new(), Vec::new());
    for event in located(&mut Locator::new(), &typed) {
        automation.push(event, &mut told);
    }
    told.is_empty()
}
