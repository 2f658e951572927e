//! What holds whatever is pressed and whatever comes: nothing panics, the cursor holds on to its thing, and Esc finds
//! the way home.

use ecsight::{
    app::{Effect, Event},
    keymap::{self, Key},
    model::Query,
    resource,
};
use proptest::{prelude::*, sample::select};

use crate::support::{
    account::{Account, unreachable},
    painted,
    stage::{Setup, Stage},
};

/// What may happen to the program.
#[derive(Debug, Clone)]
enum Step {
    Key(Key),
    Write(String),
    Paste(String),
    Resize(u16, u16),
    Mouse(Option<i32>, u16),
    Focus(bool),
    Pass(u64),
    Fail(bool),
    Shuffle(usize),
    Forget(usize),
}

fn keys() -> Vec<Key> {
    let commands = keymap::entries()
        .iter()
        .flat_map(|entry| entry.keys.iter().copied());
    let links = resource::VIEWS
        .iter()
        .flat_map(|view| view.links().iter().map(|link| link.key));
    let typing = ["a", "e", "/", "tab", "backspace", "delete", "space", "!"];
    commands
        .chain(links)
        .chain(typing)
        .filter_map(|key| key.parse().ok())
        .collect()
}

fn step() -> impl Strategy<Value = Step> {
    let lines = vec![
        "svc all",
        "task all",
        "families",
        "events",
        "revisions",
        "instances",
        "help",
        "theme nord",
    ];
    prop_oneof![
        20 => select(keys()).prop_map(Step::Key),
        6 => select(vec!["enter", "j", "G", "esc"]).prop_map(|key| Step::Key(key.parse().expect("a key"))),
        2 => select(lines).prop_map(|line| Step::Write(line.to_owned())),
        1 => any::<String>().prop_map(Step::Paste),
        1 => (0_u16..200, 0_u16..60).prop_map(|(width, height)| Step::Resize(width, height)),
        1 => (prop::option::of(-9_i32..9), any::<u16>()).prop_map(|(lines, row)| Step::Mouse(lines, row)),
        1 => any::<bool>().prop_map(Step::Focus),
        1 => (0_u64..2_000).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Fail),
        2 => any::<usize>().prop_map(Step::Shuffle),
        1 => any::<usize>().prop_map(Step::Forget),
    ]
}

/// Turns lists around and changes what health and order hang on.
fn shuffle(account: &mut Account, by: usize) {
    if !account.services.is_empty() {
        let at = by % account.services.len();
        account.services.rotate_left(at);
        account.services[0].running += 1;
    }
    if !account.tasks.is_empty() {
        let at = by % account.tasks.len();
        account.tasks.rotate_left(at);
        account.tasks[0].version += 1;
        account.tasks[0].last_status = "STOPPED".into();
    }
}

fn take(stage: &mut Stage, step: Step) {
    match step {
        Step::Key(key) => stage.send(Event::Key(key)),
        Step::Write(line) => {
            stage.run(&line);
        }
        Step::Paste(text) => stage.send(Event::Paste(text)),
        Step::Resize(width, height) => stage.resize(width, height),
        Step::Mouse(lines, row) => stage.send(Event::Mouse { lines, row }),
        Step::Focus(focused) => stage.send(Event::Focus(focused)),
        Step::Pass(seconds) => stage.pass(std::time::Duration::from_secs(seconds)),
        Step::Fail(fails) => stage.account.fault = fails.then(unreachable),
        Step::Shuffle(by) => shuffle(&mut stage.account, by),
        Step::Forget(at) => {
            if !stage.account.services.is_empty() {
                let at = at % stage.account.services.len();
                stage.account.services.remove(at);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn nothing_that_is_pressed_or_comes_breaks_it(steps in prop::collection::vec(step(), 1..60)) {
        let mut stage = Stage::shop();
        for step in steps {
            take(&mut stage, step);
            painted::check(&stage.screen());
        }
        // Whatever is open, Esc alone leads back to the root, and only there `q` leaves.
        stage.resize(80, 24);
        for _ in 0..64 {
            stage.press("esc");
        }
        if !stage.text().lines().any(|line| line.starts_with(" clusters")) {
            stage.press("ctrl-g");
        }
        let text = stage.text();
        let crumbs = text.lines().find(|line| line.starts_with(" clusters"));
        prop_assert!(crumbs.is_some_and(|line| !line.contains('>')), "{}", text);
        stage.effects.clear();
        stage.press("q");
        prop_assert_eq!(&stage.effects, &[Effect::Quit]);
    }

    #[test]
    fn the_cursor_holds_on_to_its_thing(
        down in 0_usize..20,
        moves in prop::collection::vec((any::<usize>(), select(vec!["", "N", "S", "A", "O", "<", ">", "ctrl-w"])), 1..12),
    ) {
        let mut stage = Stage::new(Account::plain(1, 20), Setup::default());
        stage.press("enter");
        for _ in 0..down {
            stage.press("j");
        }
        let held = stage.under_cursor();
        prop_assert!(held.is_some());
        for (by, key) in moves {
            shuffle(&mut stage.account, by);
            stage.press("ctrl-r").press(key);
            prop_assert_eq!(stage.under_cursor(), held.clone());
        }
        // Filtered away it is not forgotten, filtered to it it is there.
        let name = held.clone().unwrap_or_default();
        stage.press("/").write("/nothing-at-all").press("enter");
        prop_assert_eq!(stage.under_cursor(), None);
        stage.press("esc");
        prop_assert_eq!(stage.under_cursor(), held.clone());
        stage.press("/").write(&format!("/^{name}$")).press("enter");
        prop_assert_eq!(stage.under_cursor(), held.clone());
        // Once it is gone the cursor goes to its neighbour, never nowhere.
        stage.account.services.retain(|service| service.name != name);
        stage.press("esc ctrl-r");
        let next = stage.under_cursor();
        prop_assert!(next.is_some());
        prop_assert_ne!(next, held);
    }

    #[test]
    fn a_query_is_never_under_way_twice(steps in prop::collection::vec(step(), 1..40)) {
        let setup = Setup { answering: false, ..Setup::default() };
        let mut stage = Stage::new(Account::shop(), setup);
        for (index, step) in steps.into_iter().enumerate() {
            take(&mut stage, step);
            let mut waiting: Vec<Query> = stage.waiting().cloned().collect();
            let all = waiting.len();
            waiting.sort_by_key(ToString::to_string);
            waiting.dedup();
            prop_assert_eq!(waiting.len(), all);
            if index % 5 == 4 {
                stage.answer();
            }
        }
    }
}
