//! What is on the screen: every view, page and dialog, painted without a terminal from the account in `support`.
//!
//! Text is held in snapshots, one file for a view with its sizes one below the other; styles and the rules that hold
//! for every screen are asserted beside them. After a wanted change look at what differs, accept it with
//! `INSTA_UPDATE=always cargo test --test it screens`, and read `git diff tests/it/snapshots` before the commit.
//! A new view needs nothing here: it is reached by its name and gets a snapshot of its own.

use std::fmt::Write as _;

use ecsight::{
    app::{Effect, Event},
    model::{Fault, Subject},
    resource::{self, Resource},
    theme::Depth,
    ui::EnvClass,
};

use crate::support::{
    account::{Account, denied, unreachable},
    engines, painted, past,
    stage::{Setup, Stage},
};

/// Goes to a view as a person would: by its name where it belongs to nothing, else from the view that lists what it
/// belongs to, with the cursor on the first row that has any.
fn reach(stage: &mut Stage, view: &dyn Resource) {
    let Some(kind) = view.under().first() else {
        if ["audit", "rollouts"].contains(&view.id()) {
            past::make(stage);
        }
        if view.id() == "budget" {
            past::spend(stage);
        }
        stage.run(view.id());
        return;
    };
    let parent = resource::VIEWS
        .iter()
        .find(|parent| parent.noun() == *kind)
        .expect("what a view belongs to is listed by another view");
    for row in 0..10 {
        reach(stage, *parent);
        for _ in 0..row {
            stage.press("j");
        }
        stage.run(view.id());
        if stage.under_cursor().is_some() {
            return;
        }
    }
    panic!(
        "no {} in the account of the tests:\n{}",
        view.id(),
        stage.text()
    );
}

#[test]
fn every_view() {
    for view in resource::VIEWS {
        let mut text = String::new();
        for (width, height) in [(80, 24), (140, 40)] {
            let mut stage = Stage::sized(width, height);
            reach(&mut stage, *view);
            painted::shot(&mut text, view.id(), &stage);
            for facet in view.facets().iter().skip(1) {
                stage.press("x");
                painted::shot(&mut text, &format!("{} {}", facet.name, view.id()), &stage);
            }
            if view.whole() && !view.under().is_empty() {
                stage.run(&format!("{} all", view.id()));
                painted::shot(&mut text, &format!("all {}", view.id()), &stage);
            }
        }
        insta::assert_snapshot!(format!("view_{}", view.id()), text);
    }
}

#[test]
fn every_page() {
    for view in resource::VIEWS {
        let mut text = String::new();
        let mut stage = Stage::sized(100, 60);
        reach(&mut stage, *view);
        if view.id() == "engines" {
            engines::all_states(&mut stage);
        }
        stage.press("d");
        painted::shot(&mut text, &format!("describe {}", view.noun()), &stage);
        stage.resize(40, 12);
        painted::shot(&mut text, &format!("describe {}", view.noun()), &stage);
        insta::assert_snapshot!(format!("page_{}", view.id()), text);
    }
}

#[test]
fn why_tasks_stopped() {
    let mut text = String::new();
    let mut stage = Stage::sized(100, 16);
    stage.run("svc prod-web").run("tasks").press("x");
    for _ in 0..5 {
        stage.press("d");
        painted::shot(&mut text, "a stopped task", &stage);
        stage.press("esc j");
    }
    insta::assert_snapshot!(text);
}

/// The thing and the context that the last whole answer was asked for.
fn raw_asked(stage: &Stage) -> (u64, Subject) {
    let asked = stage.effects.iter().rev().find_map(|effect| match effect {
        Effect::Raw { epoch, subject, .. } => Some((*epoch, subject.clone())),
        _ => None,
    });
    asked.expect("a whole answer was asked for")
}

fn answer_raw(stage: &mut Stage, result: Result<String, Fault>) {
    let (epoch, subject) = raw_asked(stage);
    stage.send(Event::Raw {
        epoch,
        subject,
        result,
    });
}

#[test]
fn whole_answers() {
    let mut text = String::new();
    let mut stage = Stage::shop();
    stage.run("svc prod-web").press("y");
    painted::shot(&mut text, "on its way", &stage);
    let answer = r#"{"taskDefinition": {"family": "payments", "revision": 9, "containerDefinitions": [{
        "name": "app", "image": "shop/payments:2.0.0",
        "environment": [{"name": "DB_PASSWORD", "value": "hunter2"}]}],
        "note": "\u001b[31mred\u202e"}}"#;
    answer_raw(&mut stage, Ok(answer.to_owned()));
    painted::shot(&mut text, "yaml", &stage);
    assert!(!stage.text().contains("hunter2"));
    stage.press("J");
    painted::shot(&mut text, "json", &stage);
    stage.press("m");
    painted::shot(&mut text, "json, values shown", &stage);
    stage.press("esc y");
    answer_raw(&mut stage, Err(denied()));
    painted::shot(&mut text, "refused", &stage);
    assert!(
        stage.text().contains("ecs:ListServices)"),
        "the refusal is shown to its end"
    );
    insta::assert_snapshot!(text);
}

#[test]
fn help_menus_and_prompts() {
    let mut text = String::new();
    let mut stage = Stage::shop();
    stage.run("svc prod-web").press("?");
    painted::shot(&mut text, "help", &stage);
    stage.write("refresh");
    assert!(
        stage.text().contains("ctrl-r"),
        "a command is found by its name"
    );
    painted::shot(&mut text, "help, searched", &stage);
    stage.press("esc esc :").write("dep");
    painted::shot(&mut text, "command line with what tab would add", &stage);
    stage.press("esc Y");
    painted::shot(&mut text, "what to copy", &stage);
    stage.press("esc ,");
    painted::shot(&mut text, "what to sort by", &stage);
    stage.press("esc /").write("pay");
    painted::shot(&mut text, "filter being typed", &stage);
    stage.press("enter");
    painted::shot(&mut text, "filter in force", &stage);
    stage.press("esc /").write("/a(");
    painted::shot(&mut text, "filter that makes no sense", &stage);
    stage.press("esc /").write("zzzzzz").press("enter");
    painted::shot(&mut text, "filter that nothing matches", &stage);
    insta::assert_snapshot!(text);
}

#[test]
fn loading_empty_and_faulty() {
    let mut text = String::new();
    let setup = || Setup {
        answering: false,
        ..Setup::default()
    };
    let stage = Stage::new(Account::shop(), setup());
    painted::shot(&mut text, "loading", &stage);
    assert_eq!(
        stage.crumbs().trim_end_matches('─').trim(),
        "clusters",
        "nothing is counted yet"
    );
    let stage = Stage::new(Account::default(), Setup::default());
    painted::shot(&mut text, "no clusters", &stage);
    let mut stage = Stage::shop();
    stage.run("svc empty");
    painted::shot(&mut text, "no services", &stage);

    let mut stage = Stage::shop();
    stage.run("svc prod-web");
    stage.account.fault = Some(unreachable());
    stage.pass(std::time::Duration::from_secs(130));
    painted::shot(&mut text, "unreachable, rows stay", &stage);
    stage.resize(40, 12);
    painted::shot(&mut text, "unreachable, narrow", &stage);
    let nobody = Account {
        fault: Some(denied()),
        ..Account::default()
    };
    let stage = Stage::new(nobody, Setup::default());
    painted::shot(&mut text, "denied from the start", &stage);
    insta::assert_snapshot!(text);
}

#[test]
fn plans_and_the_menu_of_deeds() {
    let mut text = String::new();
    for (width, height, ascii) in [(80, 24, false), (140, 40, false), (60, 20, true)] {
        let setup = Setup {
            size: (width, height),
            ascii,
            ..Setup::default()
        };
        let mut stage = Stage::new(Account::shop(), setup);
        stage.run("svc prod-web").press("a");
        painted::shot(&mut text, "menu", &stage);
        stage.press("esc");
        for (title, line, keys) in [
            ("scale", "svc prod-web", "s"),
            ("redeploy several", "svc prod-web", "space space r"),
            ("roll back", "svc prod-web", "u"),
            ("set image", "svc prod-web", "i"),
            ("stop a task", "task workers-ec2", "X"),
            ("drain", "instances workers-ec2", "u"),
        ] {
            stage.run(line).press(keys);
            stage.pass(std::time::Duration::from_millis(401));
            painted::shot(&mut text, title, &stage);
            stage.press("esc esc esc");
        }
        stage.run("repositories").press("enter t");
        stage.pass(std::time::Duration::from_millis(401));
        painted::shot(&mut text, "retag", &stage);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn small_and_plain_terminals() {
    let mut text = String::new();
    let mut stage = Stage::sized(40, 12);
    stage.run("svc prod-web");
    painted::shot(&mut text, "narrow", &stage);
    stage.resize(20, 5);
    painted::shot(&mut text, "too small", &stage);
    let setup = Setup {
        ascii: true,
        readonly: true,
        ..Setup::default()
    };
    let mut account = Account::shop();
    // What a person called things is theirs; everything the program draws itself must be ASCII.
    account.services.retain(|service| service.name.is_ascii());
    let mut stage = Stage::new(account, setup);
    stage.run("svc prod-web").press("O");
    painted::shot(&mut text, "ascii, read-only", &stage);
    assert!(stage.text().is_ascii(), "{}", stage.text());
    stage.press("Y");
    painted::shot(&mut text, "ascii, menu", &stage);
    assert!(stage.text().is_ascii(), "{}", stage.text());
    stage.press("esc ?");
    assert!(stage.text().is_ascii(), "{}", stage.text());
    stage.press("esc");
    for view in resource::VIEWS {
        reach(&mut stage, *view);
        assert!(stage.text().is_ascii(), "{}", stage.text());
        stage.press("d");
        assert!(stage.text().is_ascii(), "{}", stage.text());
    }
    insta::assert_snapshot!(text);
}

#[test]
fn styles_of_services_in_each_depth() {
    let mut text = String::new();
    for (theme, depth) in [
        ("ansi", Depth::Ansi16),
        ("nord", Depth::Indexed256),
        ("mono", Depth::None),
    ] {
        let setup = Setup {
            theme,
            depth,
            class: Some(EnvClass::Prod),
            ..Setup::default()
        };
        let mut stage = Stage::new(Account::shop(), setup);
        stage
            .run("svc prod-web")
            .press("/")
            .write("o")
            .press("enter j");
        let styles = painted::styles(&stage.screen());
        let _ = writeln!(text, "== {theme}\n{styles}");
    }
    insta::assert_snapshot!(text);
}
