//! Draws from the seeded generator: identifiers, waiting times, picks. Nothing here has state of its own.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

/// The one source of chance of a world: the same seed gives the same world.
pub type Dice = StdRng;

/// A duration between `least` and `most` milliseconds.
pub fn millis(dice: &mut Dice, least: u64, most: u64) -> Duration {
    Duration::from_millis(dice.random_range(least..=most.max(least)))
}

/// A duration between `least` and `most` seconds, with a fraction.
pub fn seconds(dice: &mut Dice, least: u64, most: u64) -> Duration {
    millis(dice, least * 1000, most * 1000)
}

/// True with the given probability in percent.
pub fn percent(dice: &mut Dice, of_hundred: u32) -> bool {
    dice.random_range(0..100) < of_hundred
}

/// One element, or `None` of an empty slice.
pub fn pick<'a, T>(dice: &mut Dice, from: &'a [T]) -> Option<&'a T> {
    if from.is_empty() {
        None
    } else {
        from.get(dice.random_range(0..from.len()))
    }
}

/// The words of a UUID for 128 bits.
pub fn uuid_of(bits: u128) -> String {
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// A fresh UUID.
pub fn uuid(dice: &mut Dice) -> String {
    uuid_of(dice.random())
}

/// A nineteen-digit number, as the ids of deployments and service revisions are.
pub fn nineteen_digits(dice: &mut Dice) -> u64 {
    dice.random_range(1_000_000_000_000_000_000..9_000_000_000_000_000_000)
}

/// Twenty-one letters and digits, as the ids of service deployments are.
pub fn word(dice: &mut Dice) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
    (0..21)
        .map(|_| char::from(LETTERS[dice.random_range(0..LETTERS.len())]))
        .collect()
}

/// An image digest for a seed text: the same text has the same digest.
pub fn digest_of(text: &str) -> String {
    // FNV-1a in four lanes: a digest only has to be stable and to look like one.
    let lane = |lane: u64| {
        let start = 0xcbf2_9ce4_8422_2325 ^ (lane << 17);
        text.bytes().fold(start, |hash, byte| {
            (hash ^ u64::from(byte))
                .wrapping_mul(0x0000_0100_0000_01b3)
                .rotate_left(7)
        })
    };
    let [first, second, third, fourth] = [0, 1, 2, 3].map(lane);
    format!("sha256:{first:016x}{second:016x}{third:016x}{fourth:016x}")
}
