//! Waves over time and numbers drawn from names: what the load is composed of.

use std::f64::consts::TAU;
use std::time::Duration;

use crate::sandbox::world::moment::Moment;

/// A sine over time.
#[derive(Clone, Copy, Debug)]
pub struct Wave {
    /// The most that it rises above and falls below 0.
    pub height: f64,
    /// Milliseconds.
    period: u64,
    /// Of the period, from 0 to 1.
    phase: f64,
}

impl Wave {
    /// A wave of a height, a period in milliseconds and a phase from 0 to 1.
    pub fn new(height: f64, period: u64, phase: f64) -> Self {
        Self {
            height,
            period,
            phase,
        }
    }

    fn angle(&self, at: Moment) -> f64 {
        // The remainder first: what is left of a second in a number of seconds since 1970 would be coarse.
        TAU * (real(at.millis() % self.period) / real(self.period) + self.phase)
    }

    /// What it adds at an instant.
    pub fn at(&self, at: Moment) -> f64 {
        self.height * self.angle(at).sin()
    }

    /// Its integral over the seconds between two instants.
    pub fn total(&self, from: Moment, to: Moment) -> f64 {
        let seconds = real(self.period) / 1000.0;
        self.height * seconds / TAU * (self.angle(from).cos() - self.angle(to).cos())
    }
}

/// From 0 towards 1, two thirds of it after `pace` seconds.
pub fn settle(age: f64, pace: f64) -> f64 {
    1.0 - (-age / pace).exp()
}

/// What `part` is of `of`.
pub fn ratio(part: Duration, of: Duration) -> f64 {
    part.as_secs_f64() / of.as_secs_f64().max(0.001)
}

/// A number for a text: FNV-1a.
pub fn seed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A number for a large one.
pub fn fold(key: u128) -> u64 {
    let [low, high] = [key, key >> 64].map(|half| half & u128::from(u64::MAX));
    u64::try_from(low ^ high).unwrap_or_default()
}

/// A number from 0 to 1, always the same for a seed and a salt: `SplitMix64`.
pub fn draw(seed: u64, salt: u64) -> f64 {
    real(mix(seed, salt) >> 11) / real(1 << 53)
}

/// A number below `bound`, always the same for a seed.
pub fn part(seed: u64, bound: u64) -> u64 {
    mix(seed, bound) % bound
}

fn mix(seed: u64, salt: u64) -> u64 {
    let mut bits = seed.wrapping_add(salt.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// A count, to calculate with.
#[expect(
    clippy::cast_precision_loss,
    reason = "counts stay far below 2^53 for years of simulated time"
)]
pub fn real(count: u64) -> f64 {
    count as f64
}

/// An amount, cut to a count.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "amounts are not negative, and `as` saturates"
)]
pub fn whole(amount: f64) -> u64 {
    amount as u64
}
