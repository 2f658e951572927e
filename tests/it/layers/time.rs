//! What happens by itself: asking again, pausing, messages that go, answers that come late or not at all.

use std::time::Duration;

use ecsight::{
    app::{Effect, Event},
    model::{Destination, Fault, Part, Query},
};

use crate::support::{
    account::{Account, denied, unreachable},
    stage::{Setup, Stage},
};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn count(stage: &Stage, wanted: impl Fn(&Query) -> bool) -> usize {
    stage.fetched.iter().filter(|query| wanted(query)).count()
}

/// Fetches of a minute in which nobody touches a key.
fn idle_minute(mut stage: Stage) -> Stage {
    stage.fetched.clear();
    stage.pass(seconds(60));
    stage
}

#[test]
fn a_message_goes_after_six_seconds() {
    let mut stage = Stage::shop();
    stage.send(Event::Finished(Ok("saved to a file".to_owned())));
    stage.pass(Duration::from_millis(5_900));
    assert!(stage.foot().contains("saved to a file"));
    stage.pass(Duration::from_millis(200));
    assert!(
        !stage.foot().contains("saved to a file"),
        "{}",
        stage.foot()
    );
    stage.send(Event::Finished(Err("the disk is full".to_owned())));
    assert!(
        stage.foot().starts_with("! the disk is full"),
        "{}",
        stage.foot()
    );
}

#[test]
fn an_idle_minute_asks_what_the_schedule_says() {
    // The root alone: every five seconds.
    let stage = idle_minute(Stage::new(Account::plain(2, 3), Setup::default()));
    assert_eq!(stage.fetched, vec![Query::Clusters(None); 12]);
    // One cluster of calm services, the clusters behind it: every five seconds, and every twenty.
    let mut stage = Stage::new(Account::plain(2, 3), Setup::default());
    stage.press("enter");
    let stage = idle_minute(stage);
    assert_eq!(
        count(&stage, |query| matches!(query, Query::Services { .. })),
        12
    );
    assert_eq!(count(&stage, |query| *query == Query::Clusters(None)), 3);
    assert_eq!(stage.fetched.len(), 15);
    // Services that roll: every three seconds.
    let mut stage = Stage::shop();
    stage.run("svc prod-web");
    let stage = idle_minute(stage);
    assert_eq!(
        count(&stage, |query| matches!(query, Query::Services { .. })),
        20
    );
    assert_eq!(count(&stage, |query| *query == Query::Clusters(None)), 3);
}

#[test]
fn drawing_and_keys_ask_nothing() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web");
    stage.fetched.clear();
    stage.press("j k G g N S / a enter esc ! ! , esc ? esc : esc ctrl-e ctrl-g left right");
    stage.screen();
    assert_eq!(stage.fetched, []);
    stage.press("ctrl-r");
    assert_eq!(
        count(&stage, |query| matches!(query, Query::Services { .. })),
        1
    );
    assert_eq!(stage.fetched.len(), 1);
}

#[test]
fn opening_asks_each_thing_once() {
    let mut stage = Stage::shop();
    assert_eq!(stage.fetched, [Query::Identity, Query::Clusters(None)]);
    stage.run("svc prod-web");
    assert_eq!(stage.fetched.len(), 3);
    stage.press("enter");
    assert_eq!(
        count(&stage, |query| matches!(
            query,
            Query::Tasks { stopped: false, .. }
        )),
        1
    );
    stage.press("enter");
    assert_eq!(
        count(&stage, |query| matches!(query, Query::Task { .. })),
        1
    );
    assert_eq!(
        count(&stage, |query| matches!(query, Query::Definition { .. })),
        1
    );
    // A revision never changes, so it is not asked for again however long one looks.
    stage.pass(seconds(60));
    assert_eq!(
        count(&stage, |query| matches!(query, Query::Definition { .. })),
        1
    );
}

#[test]
fn asking_pauses_after_a_quarter_of_an_hour_and_a_key_resumes_it() {
    let mut stage = Stage::new(Account::plain(1, 1), Setup::default());
    stage.pass(seconds(15 * 60));
    stage.fetched.clear();
    stage.pass(seconds(120));
    assert_eq!(stage.fetched, []);
    assert!(stage.text().contains("paused, 2m old"), "{}", stage.text());
    stage.press("j");
    assert_eq!(stage.fetched, [Query::Clusters(None)]);
    assert!(!stage.text().contains("paused"), "{}", stage.text());
}

#[test]
fn an_unfocused_terminal_asks_rarely() {
    let mut stage = Stage::new(Account::plain(1, 1), Setup::default());
    stage.send(Event::Focus(false));
    let mut stage = idle_minute(stage);
    assert_eq!(stage.fetched.len(), 2);
    stage.pass(seconds(20));
    stage.fetched.clear();
    stage.send(Event::Focus(true));
    assert_eq!(stage.fetched, [Query::Clusters(None)]);
}

#[test]
fn rows_stay_when_asking_fails_and_recover_without_a_key() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web");
    stage.account.fault = Some(unreachable());
    stage.pass(seconds(90));
    let text = stage.text();
    for words in [
        "payments",
        "checkout",
        "unreachable, 1m old",
        "cannot reach",
        "tries, next in",
        "check the network",
    ] {
        assert!(text.contains(words), "{words} in\n{text}");
    }
    let asked = stage.fetched.len();
    stage.account.fault = None;
    stage.pass(seconds(31));
    assert!(stage.fetched.len() > asked);
    let text = stage.text();
    assert!(
        text.contains("live") && !text.contains("cannot reach"),
        "{text}"
    );
}

#[test]
fn a_refusal_is_not_asked_again_until_a_person_says_so() {
    let mut stage = Stage::shop();
    stage.account.fault = Some(denied());
    stage.run("svc prod-web");
    stage.fetched.clear();
    stage.pass(seconds(60));
    assert_eq!(
        count(&stage, |query| matches!(query, Query::Services { .. })),
        0
    );
    assert!(
        stage.text().contains("denied ecs:ListServices"),
        "{}",
        stage.text()
    );
    stage.account.fault = None;
    stage.press("ctrl-r");
    assert!(stage.text().contains("payments"), "{}", stage.text());
}

#[test]
fn late_answers_of_an_older_context_are_dropped() {
    let setup = Setup {
        answering: false,
        ..Setup::default()
    };
    let mut stage = Stage::new(Account::shop(), setup);
    let old = stage.app.epoch() - 1;
    for part in stage.account.answer(&Query::Clusters(None)) {
        stage.deliver(old, Query::Clusters(None), part);
    }
    assert_eq!(stage.app.store().size(), (0, 0, 0));
    assert!(stage.text().contains("Asking for clusters"));
    stage.send(Event::Connected {
        epoch: old,
        result: Err(unreachable()),
    });
    assert!(!stage.text().contains("cannot reach"));
    stage.answer();
    assert!(stage.text().contains("prod-web"));
}

#[test]
fn parts_show_as_they_come_and_what_is_gone_goes() {
    let setup = Setup {
        answering: false,
        ..Setup::default()
    };
    let mut stage = Stage::new(Account::shop(), setup);
    let epoch = stage.app.epoch();
    let parts = stage.account.answer(&Query::Clusters(None));
    let Some(some @ Part::Some { .. }) = parts.first() else {
        panic!("an answer begins with what is known");
    };
    stage.deliver(epoch, Query::Clusters(None), some.clone());
    assert!(stage.text().contains("prod-web") && stage.text().contains("loading"));
    let kept = vec![stage.account.cluster("empty").arn.clone()];
    let done = Part::Done {
        items: kept,
        calls: 2,
    };
    stage.deliver(epoch, Query::Clusters(None), done);
    assert!(stage.text().contains("empty") && !stage.text().contains("prod-web"));
    assert_eq!(stage.app.store().size().0, 1);
}

fn connect(epoch: u64) -> Effect {
    Effect::Connect {
        epoch,
        to: Destination::default(),
    }
}

#[test]
fn a_connection_that_cannot_be_had_is_told_and_tried_again() {
    let mut stage = Stage::shop();
    let fault = Fault {
        op: "connect".to_owned(),
        ..unreachable()
    };
    let epoch = stage.app.epoch();
    stage.send(Event::Connected {
        epoch,
        result: Err(fault),
    });
    assert!(
        stage.text().contains("connect: cannot reach"),
        "{}",
        stage.text()
    );
    let wake = stage.app.next_wake().expect("it is to be tried again");
    assert!(wake <= stage.now.mono + seconds(15));
    stage.now.mono += seconds(15);
    let effects = stage.app.update(Event::Wake, stage.now);
    assert!(effects.contains(&connect(epoch)), "{effects:?}");
}

#[test]
fn a_hangup_leaves() {
    let mut stage = Stage::shop();
    stage.send(Event::Hangup);
    assert!(stage.has_quit());
}

#[test]
fn what_hangs_counts_as_old_though_nothing_comes_and_no_key_is_pressed() {
    let mut stage = Stage::new(Account::plain(1, 1), Setup::default());
    let fresh = stage.now.mono;
    stage.answering = false;
    stage.pass(seconds(6));
    assert!(stage.text().contains("live"), "{}", stage.text());
    // Twice the interval and a little more.
    assert_eq!(stage.app.next_wake(), Some(fresh + seconds(12)));
    stage.pass(seconds(6));
    assert!(stage.text().contains("12s old"), "{}", stage.text());
}

#[test]
fn while_asking_pauses_the_program_wakes_only_to_write_another_age() {
    let mut stage = Stage::new(Account::plain(1, 1), Setup::default());
    stage.pass(seconds(30 * 60));
    let mut wakes = 0;
    let end = stage.now.mono + seconds(10 * 60);
    while let Some(wake) = stage.app.next_wake().filter(|wake| *wake <= end) {
        let before = stage.text();
        stage.pass(wake.saturating_sub(stage.now.mono));
        assert_ne!(before, stage.text());
        wakes += 1;
    }
    assert_eq!(wakes, 10);
}

#[test]
fn an_answer_that_is_on_its_way_wakes_nobody() {
    let setup = Setup {
        answering: false,
        ..Setup::default()
    };
    let stage = Stage::new(Account::shop(), setup);
    let wake = stage.app.next_wake().expect("the pause");
    assert_eq!(wake, stage.now.mono + seconds(15 * 60));
}

#[test]
fn a_flood_of_answers_does_not_keep_a_message_on_the_screen() {
    let mut stage = Stage::shop();
    stage.send(Event::Finished(Ok("saved to a file".to_owned())));
    let epoch = stage.app.epoch();
    for _ in 0..7 {
        stage.now.mono += seconds(1);
        let part = Part::Some {
            entities: Vec::new(),
            items: Vec::new(),
        };
        stage.deliver(epoch, Query::Clusters(None), part);
    }
    assert!(
        !stage.foot().contains("saved to a file"),
        "{}",
        stage.foot()
    );
}

#[test]
fn a_fault_in_a_pause_says_what_ends_it() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web");
    stage.pass(seconds(14 * 60 + 50));
    stage.account.fault = Some(unreachable());
    stage.pass(seconds(120));
    let text = stage.text();
    assert!(text.contains("paused until a key"), "{text}");
}

#[test]
fn the_wheel_a_paste_and_the_focus_end_a_pause_too() {
    let signs = [
        Event::Mouse {
            lines: Some(3),
            row: 5,
        },
        Event::Paste("text".to_owned()),
        Event::Focus(true),
    ];
    for sign in signs {
        let mut stage = Stage::new(Account::plain(1, 1), Setup::default());
        stage.pass(seconds(20 * 60));
        stage.fetched.clear();
        stage.send(sign.clone());
        assert_eq!(stage.fetched, [Query::Clusters(None)], "{sign:?}");
    }
}

#[test]
fn a_connection_is_tried_again_once_at_a_time() {
    let mut stage = Stage::shop();
    let epoch = stage.app.epoch();
    stage.send(Event::Connected {
        epoch,
        result: Err(unreachable()),
    });
    let refresh = || Event::Key("ctrl-r".parse().expect("a key"));
    let effects = stage.app.update(refresh(), stage.now);
    assert_eq!(effects, [connect(epoch)]);
    assert_eq!(stage.app.update(refresh(), stage.now), []);
}

#[test]
fn the_account_decides_banner_and_gate_once_it_is_known() {
    let mut stage = Stage::shop();
    let classified = |effect: &&Effect| matches!(effect, Effect::Classify { .. });
    assert_eq!(stage.effects.iter().filter(classified).count(), 1);
    assert!(!stage.text().contains("READ-ONLY"));
    stage.send(Event::Classified {
        epoch: stage.app.epoch(),
        class: None,
        readonly: true,
    });
    assert!(stage.text().contains("READ-ONLY"), "{}", stage.text());
}
