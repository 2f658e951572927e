//! The arithmetic of a rolling update, pure: how many tasks may start and stop now.

/// The tasks of one side of a rolling update, all of them wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Side {
    /// Not yet running.
    pub pending: u32,
    /// Running without having passed their health checks.
    pub unproven: u32,
    /// Running and serving.
    pub serving: u32,
}

impl Side {
    /// All of them.
    pub fn total(self) -> u32 {
        self.pending + self.unproven + self.serving
    }
}

/// What may be done now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Tasks of the new side to start.
    pub start: u32,
    /// Tasks of the old side to stop, those that do not serve first.
    pub stop_old: u32,
    /// Tasks of the new side to stop, the newest first.
    pub stop_new: u32,
}

/// The least number of serving tasks: the percentage rounded up.
pub fn floor_of(desired: u32, minimum: u32) -> u32 {
    percentage(desired, minimum, 99)
}

/// The greatest number of tasks: the percentage rounded down.
pub fn ceiling_of(desired: u32, maximum: u32) -> u32 {
    percentage(desired, maximum, 0)
}

fn percentage(desired: u32, percent: u32, round: u64) -> u32 {
    let value = (u64::from(desired) * u64::from(percent) + round) / 100;
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Decides the next moves of a service that wants `desired` tasks of the new side and none of the old.
pub fn plan(desired: u32, minimum: u32, maximum: u32, new: Side, old: Side) -> Moves {
    let floor = floor_of(desired, minimum);
    let ceiling = if old.total() == 0 {
        desired
    } else {
        ceiling_of(desired, maximum)
    };
    let missing = desired.saturating_sub(new.total());
    let room = ceiling.saturating_sub(new.total() + old.total());
    // A scale-in while the roll is under way takes from the old side first.
    let surplus =
        (new.total() + old.total()).saturating_sub(ceiling_of(desired, maximum).max(desired));
    let idle_old = old.pending + old.unproven;
    let spare = (new.serving + old.serving).saturating_sub(floor);
    // Old tasks go as soon as the rest suffices; where nothing may be above the floor, only what the ceiling demands.
    let stop_old = (idle_old + spare.min(old.serving))
        .max(surplus.min(old.total()))
        .min(old.total());
    Moves {
        start: missing.min(room),
        stop_old,
        stop_new: new.total().saturating_sub(desired),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn side() -> impl Strategy<Value = Side> {
        (0..30u32, 0..30u32, 0..30u32).prop_map(|(pending, unproven, serving)| Side {
            pending,
            unproven,
            serving,
        })
    }

    proptest! {
        #[test]
        fn starts_never_pass_the_ceiling(desired in 0..60u32, minimum in 0..=100u32, maximum in 100..=200u32, new in side(), old in side()) {
            let moves = plan(desired, minimum, maximum, new, old);
            if moves.start > 0 {
                prop_assert!(new.total() + old.total() + moves.start <= ceiling_of(desired, maximum).max(desired));
                prop_assert!(new.total() + moves.start <= desired);
            }
        }

        #[test]
        fn stops_keep_the_floor(desired in 1..60u32, minimum in 0..=100u32, maximum in 100..=200u32, new in side(), old in side()) {
            let moves = plan(desired, minimum, maximum, new, old);
            let too_many = new.total() + old.total() > ceiling_of(desired, maximum).max(desired);
            let stopped_serving = moves.stop_old.saturating_sub(old.pending + old.unproven);
            let left = new.serving + old.serving - stopped_serving;
            if !too_many && stopped_serving > 0 {
                prop_assert!(left >= floor_of(desired, minimum));
            }
            prop_assert!(moves.stop_old <= old.total());
        }

        #[test]
        fn a_settled_service_is_left_alone(desired in 0..200u32, minimum in 0..=100u32, maximum in 100..=200u32) {
            let new = Side { serving: desired, ..Side::default() };
            prop_assert_eq!(plan(desired, minimum, maximum, new, Side::default()), Moves::default());
        }

        #[test]
        fn every_roll_ends(desired in 1..20u32, minimum in 0..=100u32, maximum in 100..=200u32) {
            // Floor 100 % and ceiling 100 % can never move: the real service reports exactly that case.
            prop_assume!(floor_of(desired, minimum) < desired || ceiling_of(desired, maximum) > desired);
            let mut new = Side::default();
            let mut old = Side { serving: desired, ..Side::default() };
            for _ in 0..200 {
                let moves = plan(desired, minimum, maximum, new, old);
                old.serving -= moves.stop_old;
                new.serving += moves.start;
            }
            prop_assert_eq!((new.serving, old.serving), (desired, 0));
        }
    }

    #[test]
    fn percentages_round_as_the_service_does() {
        assert_eq!((floor_of(3, 50), ceiling_of(3, 150)), (2, 4));
        assert_eq!((floor_of(0, 100), ceiling_of(1, 199)), (0, 1));
    }
}
