//! The worlds that a sandbox begins with: the demonstration, or one made to measure.

mod cast;
mod demo;
mod documents;
mod ground;
mod history;
mod images;
mod scale;

use std::time::Duration;

use rand::SeedableRng;

pub use images::many;
pub use scale::Measure;

use super::world::World;
use super::world::chance::Dice;
use super::world::director::Scene;
use super::world::moment::Moment;

/// The region of a world that nobody names one for.
pub const REGION: &str = "eu-west-1";
/// The account of every world: the one of AWS's own examples.
pub const ACCOUNT: &str = "123456789012";

/// Makes the world of a region that begins at `now`, with a past: its last hour has really been simulated.
pub fn world(region: &str, seed: u64, measure: Option<Measure>, now: Moment) -> (World, Dice) {
    let mut dice = Dice::seed_from_u64(seed);
    let mut world = World::new(region, ACCOUNT, now - Duration::from_hours(1));
    match measure {
        None => demo::fill(&mut world, &mut dice),
        Some(measure) => scale::fill(&mut world, measure, &mut dice),
    }
    world.raise_curtain(&[Scene::Batch], &mut dice);
    world.tick(Duration::from_mins(55), &mut dice);
    world.raise_curtain(
        &[
            Scene::Release,
            Scene::FaultyRelease,
            Scene::Scale,
            Scene::Mishap,
        ],
        &mut dice,
    );
    world.tick(Duration::from_mins(5), &mut dice);
    (world, dice)
}
