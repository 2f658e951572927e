//! The program as a whole without terminal and network: keys and time in, places and effects out.

mod motion;
mod time;

use ecsight::{
    app::{Effect, Event},
    keymap::Key,
    resource,
};

use crate::support::{
    account::Account,
    engines, painted, past,
    stage::{Setup, Stage},
};

#[test]
fn enter_drills_down_and_esc_peels_off() {
    let mut stage = Stage::shop();
    stage.press("/").write("prod-web").press("enter enter");
    assert!(stage.crumbs().starts_with("clusters > prod-web > services"));
    assert_eq!(stage.under_cursor().as_deref(), Some("payments"));
    stage.press("enter");
    let crumbs = stage.crumbs();
    assert!(
        crumbs.starts_with("clusters > prod-web > services > payments > tasks"),
        "{crumbs}"
    );
    stage.press("enter");
    let crumbs = stage.crumbs();
    assert!(crumbs.contains("> containers"), "{crumbs}");
    assert_eq!(stage.under_cursor().as_deref(), Some("migrate"));
    for place in ["tasks", "services", "clusters"] {
        stage.press("esc");
        let crumbs = stage.crumbs();
        assert!(crumbs.contains(place), "{place} in {crumbs}");
    }
    assert_eq!(stage.under_cursor().as_deref(), Some("prod-web"));
    // The filter that was typed on the way is a layer of its own, and the root stays.
    assert!(stage.crumbs().contains("/prod-web"));
    stage.press("esc esc esc");
    assert!(
        stage.crumbs().starts_with("clusters  6"),
        "{}",
        stage.crumbs()
    );
    assert!(!stage.has_quit());
    stage.press("q");
    assert!(stage.has_quit());
}

#[test]
fn an_empty_list_says_where_else_to_look_and_what_to_know() {
    let mut stage = Stage::shop();
    stage.run("task empty");
    let text = stage.text();
    assert!(
        text.contains("No running tasks in empty; x lists the stopped ones."),
        "{text}"
    );
    assert!(!text.contains("forgets"), "{text}");
    stage.press("x");
    let text = stage.text();
    assert!(
        text.contains("No stopped tasks in empty; x lists the running ones."),
        "{text}"
    );
    assert!(text.contains("ECS forgets a stopped"), "{text}");
}

#[test]
fn an_empty_table_keeps_every_key_that_needs_no_row() {
    let mut stage = Stage::shop();
    stage.run("svc empty");
    assert_eq!(stage.under_cursor(), None);
    stage.press("enter d y c Y");
    assert!(stage.crumbs().starts_with("clusters > empty > services"));
    stage.press("?");
    assert!(stage.crumbs().contains("help"), "{}", stage.crumbs());
    stage.press("esc").run("svc prod-web");
    assert!(stage.crumbs().contains("prod-web"), "{}", stage.crumbs());
    stage.run("svc empty").press("esc");
    assert!(
        stage.crumbs().starts_with("clusters  6"),
        "{}",
        stage.crumbs()
    );
}

#[test]
fn history_goes_back_forth_and_between_two() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web");
    stage.press("j enter");
    let tasks = stage.crumbs();
    stage.run("families");
    let families = stage.crumbs();
    stage.press("[");
    assert_eq!(stage.crumbs(), tasks);
    stage.press("[");
    assert!(stage.crumbs().starts_with("clusters > prod-web > services"));
    assert_eq!(stage.under_cursor().as_deref(), Some("checkout"));
    stage.press("] ]");
    assert_eq!(stage.crumbs(), families);
    stage.press("]");
    assert_eq!(stage.crumbs(), families);
    assert!(
        stage.foot().contains("no further place"),
        "{}",
        stage.foot()
    );
    stage.press("-");
    assert_eq!(stage.crumbs(), tasks);
    stage.press("-");
    assert_eq!(stage.crumbs(), families);
    stage.press("~");
    assert!(
        stage.crumbs().starts_with("clusters  6"),
        "{}",
        stage.crumbs()
    );
}

#[test]
fn the_command_line_knows_where_it_stands() {
    let mut stage = Stage::shop();
    stage.run("svc all");
    assert!(
        stage.crumbs().starts_with("clusters > all > services  8"),
        "{}",
        stage.crumbs()
    );
    stage.run("svc workers-ec2");
    assert!(
        stage
            .crumbs()
            .starts_with("clusters > workers-ec2 > services  1")
    );
    // In a cluster: its tasks. On a service's tasks: the same again. At the root: of the row under the cursor.
    stage.run("task");
    assert!(
        stage
            .crumbs()
            .starts_with("clusters > workers-ec2 > tasks  2"),
        "{}",
        stage.crumbs()
    );
    stage.run("svc prod-web").press("enter").run("ta");
    assert!(
        stage.crumbs().contains("payments > tasks  3"),
        "{}",
        stage.crumbs()
    );
    stage
        .press("~")
        .press("g /")
        .write("workers")
        .press("enter")
        .run("task");
    assert!(
        stage.crumbs().starts_with("clusters > workers-ec2 > tasks"),
        "{}",
        stage.crumbs()
    );
    stage.run("task all");
    assert!(
        stage.crumbs().starts_with("clusters > all > tasks  9"),
        "{}",
        stage.crumbs()
    );
    // Further words filter.
    stage.run("svc prod-web pay");
    assert!(
        stage.crumbs().contains("1 of 7 (6 hidden)"),
        "{}",
        stage.crumbs()
    );
    // What belongs to a row goes by the row under the cursor.
    stage.run("deployments");
    assert!(
        stage.crumbs().contains("payments > deployments"),
        "{}",
        stage.crumbs()
    );
}

#[test]
fn esc_leads_from_a_revision_to_the_clusters() {
    let mut stage = Stage::shop();
    stage.run("families").run("revisions");
    assert!(
        stage
            .crumbs()
            .starts_with("clusters > families > payments > revisions"),
        "{}",
        stage.crumbs()
    );
    stage.press("esc");
    assert_eq!(stage.under_cursor().as_deref(), Some("payments"));
    stage.press("esc");
    assert!(
        stage.crumbs().starts_with("clusters  6"),
        "{}",
        stage.crumbs()
    );
}

#[test]
fn the_command_line_says_what_it_does_not_know() {
    let mut stage = Stage::shop();
    for (line, says) in [
        ("scv", "did you mean svc?"),
        ("servces", "did you mean services?"),
        ("xylophone", "there is no xylophone; ? lists everything"),
        ("c", "type more of it"),
        ("theme", "which theme?"),
        ("theme plaid", "no theme"),
        ("containers", "put the cursor on one first"),
    ] {
        stage.run(line);
        assert!(stage.foot().contains(says), "{line}: {}", stage.foot());
        assert!(
            stage.crumbs().starts_with("clusters  6"),
            "{line}: {}",
            stage.crumbs()
        );
    }
    stage.press(": up");
    assert!(stage.foot().starts_with(":containers"), "{}", stage.foot());
    stage.press("up");
    assert!(stage.foot().starts_with(":theme plaid"), "{}", stage.foot());
}

#[test]
fn the_command_line_runs_what_was_typed_and_tab_completes() {
    let mut stage = Stage::shop();
    stage.press(":").write("fam").press("tab");
    assert!(stage.foot().starts_with(":families"));
    stage.press("esc :").write("fam").press("enter");
    assert!(stage.crumbs().contains("families"), "{}", stage.crumbs());
    stage.press(":").write("svc wor").press("tab enter");
    assert!(
        stage.crumbs().contains("workers-ec2 > services"),
        "{}",
        stage.crumbs()
    );
    stage.run("q");
    assert!(stage.has_quit());
}

#[test]
fn facets_unhealthy_and_sorting() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web").press("enter x");
    assert!(
        stage.crumbs().contains("stopped tasks  5"),
        "{}",
        stage.crumbs()
    );
    stage.press("x");
    assert!(stage.crumbs().contains("> tasks  3"), "{}", stage.crumbs());
    stage.press("esc x");
    assert!(stage.foot().contains("no other list"), "{}", stage.foot());
    stage.press("!");
    assert!(
        stage.crumbs().contains("1 of 7 (6 hidden)"),
        "{}",
        stage.crumbs()
    );
    stage.press("esc N g");
    assert_eq!(
        stage.under_cursor().as_deref(),
        Some("a-service-whose-name-is-as-long-as-anybody-could-ever-want-it-to-be-and-longer")
    );
    stage.press("N g");
    assert_eq!(stage.under_cursor().as_deref(), Some("wide"));
    stage.press("N g");
    assert_eq!(stage.under_cursor().as_deref(), Some("payments"));
    stage.press(",").write("run").press("enter O g");
    assert_eq!(stage.under_cursor().as_deref(), Some("api"));
    stage.press("< g").press("> O g");
    assert_eq!(stage.under_cursor().as_deref(), Some("api"));
}

#[test]
fn a_filter_that_makes_no_sense_says_so_and_esc_takes_it_back() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web").press("/").write("/pay(");
    assert!(
        stage.crumbs().contains("unclosed group"),
        "{}",
        stage.crumbs()
    );
    stage.press("enter");
    assert!(
        stage.crumbs().contains("unclosed group"),
        "{}",
        stage.crumbs()
    );
    stage.press("backspace enter");
    assert!(stage.crumbs().contains("1 of 7"), "{}", stage.crumbs());
    stage.press("esc");
    assert!(stage.crumbs().contains("services  7"), "{}", stage.crumbs());
    stage.press("/").write("!/a/").press("enter");
    assert!(stage.crumbs().contains("hidden"), "{}", stage.crumbs());
}

#[test]
fn ctrl_c_twice_leaves() {
    let mut stage = Stage::shop();
    stage.press("ctrl-c");
    assert!(!stage.has_quit());
    assert!(stage.foot().contains("ctrl-c again"), "{}", stage.foot());
    stage.pass(std::time::Duration::from_secs(2));
    stage.press("ctrl-c");
    assert!(!stage.has_quit());
    stage.press("ctrl-c");
    assert!(stage.has_quit());
}

#[test]
fn what_is_copied_and_saved() {
    let mut stage = Stage::shop();
    stage
        .run("svc prod-web")
        .press("Y")
        .write("arn")
        .press("enter");
    let arn = "arn:aws:ecs:eu-west-1:123456789012:service/prod-web/payments";
    let copied = Effect::Copy {
        what: "arn".to_owned(),
        text: arn.to_owned(),
    };
    assert_eq!(stage.effects.last(), Some(&copied));
    stage.press("ctrl-s");
    let Some(Effect::Save { stem, text }) = stage.effects.last() else {
        panic!("nothing is saved: {:?}", stage.effects.last());
    };
    assert_eq!(stem, "services");
    assert_eq!(text.lines().count(), 8);
    assert!(
        text.lines()
            .nth(1)
            .is_some_and(|line| line.starts_with("payments\tfailed\t1/2"))
    );
    stage.press("t");
    stage.press("c");
    let Some(Effect::Copy { what, text }) = stage.effects.last() else {
        panic!("the page is not copied");
    };
    assert_eq!(what, "page");
    assert!(
        text.contains("DB_PASSWORD") && !text.contains("hunter2"),
        "{text}"
    );
    stage.press("ctrl-z ctrl-l");
    assert_eq!(
        stage.effects[stage.effects.len() - 2..],
        [Effect::Suspend, Effect::Redraw]
    );
}

#[test]
fn a_whole_answer_reaches_its_page_below_another() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web").press("y");
    let asked = stage.effects.iter().find_map(|effect| match effect {
        Effect::Raw { epoch, subject, .. } => Some((*epoch, subject.clone())),
        _ => None,
    });
    let (epoch, subject) = asked.expect("the whole answer is asked for");
    stage.press("?");
    stage.send(Event::Raw {
        epoch,
        subject,
        result: Ok(r#"{"serviceName": "payments"}"#.to_owned()),
    });
    stage.press("esc");
    assert!(
        stage.text().contains("serviceName: payments"),
        "{}",
        stage.text()
    );
}

#[test]
fn starts_where_the_command_line_says() {
    let start = |cluster, service| {
        let setup = Setup {
            cluster: Some(cluster),
            service,
            ..Setup::default()
        };
        Stage::new(Account::shop(), setup)
    };
    let stage = start("prod-web", None);
    assert!(
        stage
            .crumbs()
            .starts_with("clusters > prod-web > services  7")
    );
    let mut stage = start("prod-web", Some("api"));
    assert!(
        stage.crumbs().contains("api > tasks  3"),
        "{}",
        stage.crumbs()
    );
    stage.press("esc");
    assert_eq!(stage.under_cursor().as_deref(), Some("api"));
    let stage = start("nowhere", None);
    assert!(
        stage.foot().contains("there is no cluster nowhere"),
        "{}",
        stage.foot()
    );
    let stage = start("prod-web", Some("nobody"));
    assert!(
        stage
            .foot()
            .contains("there is no service nobody in prod-web"),
        "{}",
        stage.foot()
    );
    assert!(stage.crumbs().starts_with("clusters > prod-web > services"));
}

#[test]
fn overridden_keys_work_and_clashes_are_told() {
    let keys = [("describe", "f2"), ("refresh", "d")];
    let setup = Setup {
        keys: keys
            .map(|(id, key)| (id.to_owned(), vec![key.to_owned()]))
            .into_iter()
            .collect(),
        ..Setup::default()
    };
    let mut stage = Stage::new(Account::shop(), setup);
    stage.press("f2");
    assert!(
        stage.crumbs().contains("cluster broken"),
        "{}",
        stage.crumbs()
    );
    let setup = Setup {
        keys: [("refresh".to_owned(), vec!["d".to_owned()])]
            .into_iter()
            .collect(),
        ..Setup::default()
    };
    let stage = Stage::new(Account::shop(), setup);
    assert!(
        stage.foot().contains("taken by describe"),
        "{}",
        stage.foot()
    );
}

/// The keys that the foot of the screen offers, with what it says of them.
fn hinted(stage: &Stage) -> Vec<(Key, String)> {
    let foot = stage.foot();
    let hints = foot
        .split("  ")
        .map(str::trim)
        .filter(|hint| !hint.is_empty());
    hints
        .map(|hint| {
            let (key, label) = hint.split_once(' ').expect("a key and a word");
            (key.parse().expect("a key"), label.to_owned())
        })
        .collect()
}

#[test]
fn every_key_at_the_foot_does_something() {
    for view in resource::VIEWS {
        let reached = || {
            let mut stage = Stage::sized(160, 30);
            stage.run("svc prod-web");
            if view.under().contains(&"task") {
                stage.press("enter");
            } else if view.under().contains(&"family") {
                stage.run("families");
            } else if view.under().contains(&"repository") {
                stage.run("repositories");
            }
            if view.id() == "instances" {
                stage.run("svc workers-ec2");
            }
            if ["audit", "rollouts"].contains(&view.id()) {
                past::make(&mut stage);
            }
            if view.id() == "budget" {
                past::spend(&mut stage);
            }
            stage.run(view.id());
            if view.id() == "engines" {
                engines::all_states(&mut stage);
            }
            assert!(stage.under_cursor().is_some(), "{} has rows", view.id());
            stage
        };
        for page in [false, true] {
            let mut stage = reached();
            if page {
                stage.press("d");
            }
            let hints = hinted(&stage);
            assert!(hints.len() >= 5, "{}: {hints:?}", view.id());
            for (key, label) in hints {
                let mut stage = reached();
                if page {
                    stage.press("d");
                }
                let before = (stage.text(), stage.effects.len());
                stage.press(&key.to_string());
                let after = (stage.text(), stage.effects.len());
                // Lines that all fit are the same wrapped and not.
                if label != "wrap" {
                    assert_ne!(
                        before,
                        after,
                        "{key} ({label}) does nothing on {}",
                        view.id()
                    );
                }
            }
        }
    }
}

#[test]
fn meaning_does_not_hang_on_colour() {
    use ecsight::theme::{Depth, Theme};
    for theme in Theme::names() {
        let colourful = stage_in(theme, Depth::TrueColor);
        let plain = stage_in(theme, Depth::None);
        assert_eq!(colourful.text(), plain.text(), "{theme}");
        let screen = plain.screen();
        assert_eq!(painted::colours(&screen), [], "{theme}");
        for screen in [screen, colourful.screen()] {
            let cursor: Vec<u16> = painted::lit_rows(&screen)
                .into_iter()
                .filter(|y| *y > 2)
                .collect();
            assert_eq!(
                cursor,
                [3],
                "{theme}: the row under the cursor stands out, and no other"
            );
        }
    }
    let sixteen = stage_in("ansi", Depth::Ansi16);
    let rgb = |colour: &ratatui::style::Color| {
        matches!(
            colour,
            ratatui::style::Color::Rgb(..) | ratatui::style::Color::Indexed(_)
        )
    };
    assert!(!painted::colours(&sixteen.screen()).iter().any(rgb));
}

/// Rows with something in the colour of failure carry the mark of it too, and there are such rows.
#[test]
fn failure_has_a_mark_beside_its_colour() {
    use ratatui::style::Color::{LightRed, Red};
    for line in ["svc prod-web", "task all", "clusters", "families"] {
        let mut stage = Stage::sized(140, 30);
        // The row under the cursor has a style of its own, so the cursor goes to the last.
        stage.run(line).press("G");
        let screen = stage.screen();
        let width = usize::from(screen.area.width);
        let rows = screen.content.chunks(width).skip(3);
        let red = rows.filter(|row| row.iter().any(|cell| matches!(cell.fg, Red | LightRed)));
        let marks: Vec<&str> = red.map(|row| row[0].symbol()).collect();
        assert!(
            marks.iter().all(|mark| *mark == "!"),
            "{line}: {marks:?}\n{}",
            stage.text()
        );
        assert_eq!(
            marks.is_empty(),
            line == "families",
            "{line}: {}",
            stage.text()
        );
    }
}

fn stage_in(theme: &'static str, depth: ecsight::theme::Depth) -> Stage {
    let setup = Setup {
        theme,
        depth,
        ..Setup::default()
    };
    let mut stage = Stage::new(Account::shop(), setup);
    stage.run("svc prod-web");
    stage
}

#[test]
fn keys_that_come_faster_than_frames_find_what_those_before_them_did() {
    let mut slow = Stage::shop();
    slow.run("svc prod-web").press("/").write("checkout");
    slow.press("enter enter");
    assert!(
        slow.crumbs().contains("> checkout > tasks"),
        "{}",
        slow.crumbs()
    );
    let mut fast = Stage::shop();
    fast.run("svc prod-web");
    let keys = "/ c h e c k o u t enter enter".split(' ');
    for key in keys {
        let key: Key = key.parse().expect("a key");
        fast.app.update(ecsight::app::Event::Key(key), fast.now);
    }
    fast.send(ecsight::app::Event::Wake);
    assert!(
        fast.crumbs().contains("> checkout > tasks"),
        "{}",
        fast.crumbs()
    );
}

#[test]
fn a_whole_answer_finds_its_page_behind_the_help() {
    let mut stage = Stage::shop();
    stage.press("y ?");
    let Some(Effect::Raw { epoch, subject, .. }) = stage.effects.last().cloned() else {
        panic!("the answer is asked for");
    };
    stage.send(ecsight::app::Event::Raw {
        epoch,
        subject,
        result: Ok(r#"{"clusters":[{"status":"ACTIVE"}]}"#.to_owned()),
    });
    stage.press("esc");
    assert!(stage.text().contains("status: ACTIVE"), "{}", stage.text());
}

#[test]
fn a_whole_answer_is_asked_for_again_on_its_own_page() {
    let mut stage = Stage::shop();
    stage.press("y");
    let crumbs = stage.crumbs();
    stage.effects.clear();
    stage.press("y ctrl-r");
    let asked = |effect: &&Effect| matches!(effect, Effect::Raw { .. });
    assert_eq!(stage.effects.iter().filter(asked).count(), 2);
    assert_eq!(stage.crumbs(), crumbs);
    stage.press("esc");
    assert!(
        stage.crumbs().starts_with("clusters  6"),
        "{}",
        stage.crumbs()
    );
}

#[test]
fn nothing_that_is_copied_or_saved_can_drive_a_terminal() {
    let mut stage = Stage::shop();
    stage.press("y");
    let Some(Effect::Raw { epoch, subject, .. }) = stage.effects.last().cloned() else {
        panic!("the answer is asked for");
    };
    stage.send(ecsight::app::Event::Raw {
        epoch,
        subject,
        result: Ok("{\"name\":\"web\u{9b}2J\u{202e}\"}".to_owned()),
    });
    stage.effects.clear();
    stage.press("c ctrl-s");
    assert_eq!(stage.effects.len(), 2, "{:?}", stage.effects);
    for effect in &stage.effects {
        let (Effect::Copy { text, .. } | Effect::Save { text, .. }) = effect else {
            panic!("another effect: {effect:?}");
        };
        assert!(text.contains("web") && text.contains("<U+202E>"), "{text}");
        let acts = |character: char| character.is_control() && character != '\n';
        assert!(
            !text.contains(acts) && !text.contains('\u{202e}'),
            "{text:?}"
        );
    }
}

#[test]
fn who_went_elsewhere_is_not_fetched_back_to_the_start() {
    let setup = Setup {
        cluster: Some("prod-web"),
        service: Some("payments"),
        answering: false,
        ..Setup::default()
    };
    let mut stage = Stage::new(Account::shop(), setup);
    stage.answer();
    assert!(stage.crumbs().starts_with("clusters > prod-web > services"));
    stage.run("families");
    stage.answering = true;
    stage.answer();
    stage.send(ecsight::app::Event::Wake);
    assert!(stage.crumbs().contains("families"), "{}", stage.crumbs());
}

#[test]
fn going_back_finds_the_facet_that_was_shown() {
    let mut stage = Stage::shop();
    stage.run("svc prod-web").press("enter x");
    let stopped = stage.crumbs();
    assert!(stopped.contains("stopped tasks"), "{stopped}");
    stage.run("families").press("[");
    assert_eq!(stage.crumbs(), stopped);
}

#[test]
fn all_that_is_to_be_told_at_the_start_is_told() {
    let setup = Setup {
        size: (200, 24),
        keys: [("refresh".to_owned(), vec!["no-such-key".to_owned()])].into(),
        notices: vec!["the log file cannot be written".to_owned()],
        ..Setup::default()
    };
    let stage = Stage::new(Account::shop(), setup);
    for words in ["the log file cannot be written; ", "no-such-key"] {
        assert!(stage.foot().contains(words), "{words} in {}", stage.foot());
    }
}
