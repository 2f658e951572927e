//! What containers write to stdout and stderr: a pure function of the task and of time, so that nothing is kept and
//! everybody who asks reads the same. What it sounds like is in `voice`; who may read it is in `operation`.

use std::time::Duration;

use super::definition::Definition;
use super::load;
use super::moment::Moment;
use super::mood::Mood;
use super::task::{Fate, Task};
use super::voice::Voice;

/// A line that a container wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was written; lines of one stack trace share an instant.
    pub at: Moment,
    /// Whether it went to stderr.
    pub error: bool,
    /// The text without its newline, with whatever control characters the program wrote.
    pub text: String,
}

/// How often a container in trouble says so.
const TROUBLE: Duration = Duration::from_secs(4);

/// The lines that container number `container` wrote from `from` up to, but not including, `to`, oldest first.
///
/// Whoever asks and however a stretch is cut into smaller ones, the lines are the same; only `to` must not lie in the
/// world's future, which is not written yet. A container that never started wrote nothing.
pub fn lines(
    task: &Task,
    definition: &Definition,
    container: usize,
    from: Moment,
    to: Moment,
) -> Vec<Line> {
    let (Some((started, ended)), Some(spec)) =
        (task.life(container), definition.containers.get(container))
    else {
        return Vec::new();
    };
    // The last words are spoken in the very instant of the end, which is known only once it is there.
    let mut until = to;
    if let Some(ended) = ended {
        until = until.min(ended);
    }
    let seed = seed_of(task, container);
    let voice = Voice::of(definition, spec);
    // A job that ends with an error has worked until then.
    let mood = if container == 0 && voice != Voice::Job {
        mood_of(task)
    } else {
        Mood::Well
    };
    let limit = load::memory(definition, container) >> 20;
    let mut lines = Vec::new();
    let mut write = |at: Moment, texts: Vec<(bool, String)>| {
        if (from..to).contains(&at) {
            let wrote = |(error, text)| Line { at, error, text };
            lines.extend(texts.into_iter().map(wrote));
        }
    };

    write(started, voice.begins(started, definition, spec));
    for beat in beats(started, voice.pace(), from, until) {
        let mut chance = Spin::new(seed, beat.number);
        let at = beat.at + Duration::from_millis(chance.below(beat.length));
        if mood.works() && ended.is_none_or(|ended| at < ended) {
            write(at, voice.says(at, beat.number, &mut chance));
        }
    }
    if mood != Mood::Well {
        for beat in beats(started, TROUBLE, from, until) {
            // Half a beat late, so that nothing is said before the program has begun.
            let at = beat.at + TROUBLE / 2;
            if ended.is_none_or(|ended| at < ended) {
                let used = load::reading(task, definition, container, at).memory >> 20;
                write(at, mood.says(at, at.since(started), used, limit));
            }
        }
    }
    if let Some(stopping) = task.times.stopping
        && stopping >= started
        && ended.is_none_or(|ended| stopping < ended)
    {
        write(stopping, voice.is_told_to_stop(stopping));
    }
    if let Some(ended) = ended {
        let code = task
            .containers
            .get(container)
            .and_then(|container| container.exit_code);
        write(
            ended,
            voice.ends(ended, code, &mut Spin::new(seed, u64::MAX)),
        );
    }
    // Stable: what was written in one instant stays in the order above, however the stretch was cut.
    lines.sort_by_key(|line| line.at);
    lines
}

/// What is wrong with the main container of a task.
fn mood_of(task: &Task) -> Mood {
    match task.fate {
        Fate::Exits(_, true) => Mood::Growing,
        Fate::Exits(code, false) if code != 0 => Mood::Failing,
        Fate::FailsContainerHealth => Mood::Unready,
        Fate::FailsTargetHealth => Mood::Refusing,
        Fate::Lives | Fate::FailsToStart(_) | Fate::Exits(..) => Mood::Well,
    }
}

/// The occasions to say something: one in each stretch of a fixed length since the start.
struct Beat {
    number: u64,
    at: Moment,
    /// Milliseconds.
    length: u64,
}

/// The beats that may have been in `[from, until)`.
fn beats(
    started: Moment,
    pace: Duration,
    from: Moment,
    until: Moment,
) -> impl Iterator<Item = Beat> {
    let length = u64::try_from(pace.as_millis()).unwrap_or(u64::MAX).max(1);
    let number = |at: Moment| at.millis().saturating_sub(started.millis()) / length;
    let last = if until > started {
        number(until) + 1
    } else {
        0
    };
    (number(from)..last).map(move |number| Beat {
        number,
        at: started + Duration::from_millis(number * length),
        length,
    })
}

fn seed_of(task: &Task, container: usize) -> u64 {
    let [high, low] = [task.key.0 >> 64, task.key.0 & u128::from(u64::MAX)]
        .map(|half| u64::try_from(half).unwrap_or_default());
    let container = u64::try_from(container).unwrap_or_default();
    high ^ low.rotate_left(23) ^ container.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Chance that depends on nothing but where it begins: `SplitMix64`, which costs nothing to seed.
#[derive(Clone, Debug)]
pub struct Spin(u64);

impl Spin {
    /// The chance of occasion `number` of the story `seed`.
    pub fn new(seed: u64, number: u64) -> Self {
        let mut spin = Self(seed ^ number.wrapping_mul(0xd1b5_4a32_d192_ed03));
        spin.next();
        spin
    }

    /// 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `most`; 0 when there is none.
    pub fn below(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }

    /// One of `items`, by its index.
    pub fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        let count = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let index = usize::try_from(self.below(count)).unwrap_or_default();
        items.get(index).copied().unwrap_or_default()
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::sandbox::seed;
    use crate::sandbox::world::World;

    fn world() -> World {
        seed::world(
            seed::REGION,
            1,
            None,
            Moment::from_millis(1_790_000_000_000),
        )
        .0
    }

    /// The lines of a container up to now.
    fn story(world: &World, task: &Task, container: usize, from: Moment) -> Vec<Line> {
        lines(
            task,
            world.definition(task.definition),
            container,
            from,
            world.now,
        )
    }

    fn text(lines: &[Line]) -> String {
        lines
            .iter()
            .map(|line| format!("{}\n", line.text))
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn a_stretch_is_its_parts_however_it_is_cut(pick in 0..1000usize, cuts in prop::collection::btree_set(0..400_000u64, 0..8)) {
            let world = world();
            let tasks: Vec<&Task> = world.tasks.values().collect();
            let task = tasks[pick % tasks.len()];
            let definition = world.definition(task.definition);
            let container = pick % definition.containers.len();
            let begin = world.now - Duration::from_secs(400);
            let whole = lines(task, definition, container, begin, world.now);
            prop_assert!(whole.is_sorted_by_key(|line| line.at));
            let mut parts = Vec::new();
            let mut from = begin;
            for to in cuts.into_iter().map(|cut| begin + Duration::from_millis(cut)).chain([world.now]) {
                parts.extend(lines(task, definition, container, from, to));
                from = to;
            }
            prop_assert_eq!(parts, whole);
        }
    }

    #[test]
    fn what_was_written_does_not_change_when_the_task_ends() {
        let (mut world, mut dice) = seed::world(
            seed::REGION,
            3,
            None,
            Moment::from_millis(1_790_000_000_000),
        );
        let begin = world.now;
        let mut heard = std::collections::BTreeMap::<_, Vec<Line>>::new();
        for _ in 0..600 {
            let from = world.now;
            world.tick(Duration::from_secs(2), &mut dice);
            for (key, task) in &world.tasks {
                let more = lines(task, world.definition(task.definition), 0, from, world.now);
                heard.entry(*key).or_default().extend(more);
            }
        }
        let ended = world
            .tasks
            .values()
            .filter(|task| task.containers[0].ended > Some(begin))
            .count();
        assert!(ended > 5, "the test needs tasks that ended");
        for (key, task) in &world.tasks {
            assert_eq!(heard[key], story(&world, task, 0, begin), "{}", key.id());
        }
    }

    #[rstest]
    #[case::killed("image-resizer", "heap: ", "in use (9")]
    #[case::crashed(
        "search",
        "connection refused, attempt 1\n",
        "\n\t... 12 more\nexit 1\n"
    )]
    #[case::refusing("shipping-api", "\"GET /healthz HTTP/1.1\" 503", "refusing traffic")]
    #[case::unready("fraud-detector", "health: not ready", "")]
    fn trouble_is_in_the_log(#[case] service: &str, #[case] says: &str, #[case] then: &str) {
        let world = world();
        let service = world.services.iter().find(|it| it.name == service).unwrap();
        let task = service
            .stopped
            .iter()
            .filter_map(|key| world.tasks.get(key))
            .find(|task| task.containers[0].ended.is_some())
            .unwrap();
        let text = text(&story(&world, task, 0, Moment::from_millis(0)));
        assert!(text.contains(says) && text.contains(then), "{text}");
    }

    #[rstest]
    #[case::no_image("invoice-renderer")]
    #[case::no_secret("reports")]
    fn what_never_started_wrote_nothing(#[case] service: &str) {
        let world = world();
        let mut tasks = world
            .tasks
            .values()
            .filter(|task| {
                task.service
                    .is_some_and(|key| world.service(key).name == service)
                    && matches!(task.fate, Fate::FailsToStart(_))
            })
            .peekable();
        assert!(tasks.peek().is_some());
        assert!(tasks.all(|task| story(&world, task, 0, Moment::from_millis(0)).is_empty()));
    }
}
