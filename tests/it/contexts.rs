//! Going to another profile or region: what is shown at once, what ends, and what never goes along.

use std::time::Duration;

use ecsight::{
    app::{Connection, Effect, Event},
    model::{
        Arn, Contexts, Destination, Done, Fault, FaultKind, KnownProfile, LogConfiguration,
        Outcome, Query, Region, Timestamp,
    },
    ui::EnvClass,
};

use crate::support::{
    account::Account,
    painted, past,
    stage::{Setup, Stage},
};

fn known(name: &str, region: Option<&str>, source: &str) -> KnownProfile {
    KnownProfile {
        name: name.to_owned(),
        region: region.map(str::to_owned),
        source: source.to_owned(),
    }
}

fn contexts() -> Contexts {
    Contexts {
        profiles: vec![
            known("audit", None, "role auditor by shop, wants an MFA code"),
            known(
                "bank-prod",
                Some("eu-central-1"),
                "sso Admin of 210987654321",
            ),
            known("legacy", Some("us-east-1"), "keys"),
            known("lab", Some("us-east-2"), "a command of its own"),
            known("shop", Some("eu-west-1"), "sso Reader of 123456789012"),
        ],
        recent_profiles: vec!["shop".to_owned(), "legacy".to_owned()],
        recent_regions: vec!["eu-west-1".to_owned(), "us-east-1".to_owned()],
    }
}

fn list(stage: &mut Stage) {
    assert!(stage.effects.contains(&Effect::ListContexts));
    stage.send(Event::Contexts(Ok(contexts())));
}

fn connect(stage: &mut Stage, profile: &str, region: &str) {
    let event = Event::Connected {
        epoch: stage.app.epoch(),
        result: Ok(Connection {
            profile: profile.to_owned(),
            region: region.to_owned(),
            ..Connection::default()
        }),
    };
    stage.send(event);
}

fn to(profile: Option<&str>, region: Option<&str>) -> Destination {
    Destination {
        profile: profile.map(str::to_owned),
        region: region.map(str::to_owned),
    }
}

fn header(stage: &Stage) -> String {
    stage.text().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_list_of_profiles_and_regions() {
    let mut text = String::new();
    for (width, height) in [(80, 24), (140, 40)] {
        let mut stage = Stage::sized(width, height);
        stage.press("P");
        painted::shot(&mut text, "before the profiles are known", &stage);
        list(&mut stage);
        painted::shot(&mut text, "profiles and regions", &stage);
        stage.write("prod");
        painted::shot(&mut text, "narrowed", &stage);
        stage.press("esc esc").run("region");
        list(&mut stage);
        painted::shot(&mut text, "regions", &stage);
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_profile_is_gone_to_in_place() {
    let mut stage = Stage::shop();
    stage.press("enter enter");
    let before = stage.app.epoch();
    stage.press("P");
    list(&mut stage);
    stage.write("bank").press("enter");
    assert_eq!(stage.app.epoch(), before + 1);
    let wanted = to(Some("bank-prod"), Some("eu-central-1"));
    assert_eq!(stage.connects.last(), Some(&(before + 1, wanted)));
    let head = header(&stage);
    for word in ["bank-prod", "eu-central-1", "account unknown", "connecting"] {
        assert!(head.contains(word), "{word} in {head}");
    }
    assert!(stage.crumbs().starts_with("clusters"), "{}", stage.crumbs());
    assert!(!stage.text().contains("prod-web"), "{}", stage.text());
    assert_eq!(stage.app.store().size(), (0, 0, 0));
    // Nothing leads back to the places of another account.
    stage.press("[");
    assert!(
        stage.foot().contains("no further place"),
        "{}",
        stage.foot()
    );
    stage.press("-");
    assert!(
        stage.foot().contains("no further place"),
        "{}",
        stage.foot()
    );
    stage.fetched.clear();
    connect(&mut stage, "bank-prod", "eu-central-1");
    assert!(stage.fetched.contains(&Query::Clusters(None)));
    assert!(stage.text().contains("prod-web"), "{}", stage.text());
    // The way back asks for what the program was started with.
    stage.run("profile shop");
    list(&mut stage);
    let (_, last) = stage.connects.last().expect("it was asked for");
    assert_eq!(*last, Destination::default());
    assert!(header(&stage).contains("shop"), "{}", header(&stage));
}

#[test]
fn a_region_is_gone_to_with_the_same_profile() {
    let mut stage = Stage::shop();
    stage.run("region us-east-1");
    list(&mut stage);
    let (_, last) = stage.connects.last().expect("it was asked for");
    assert_eq!(*last, to(None, Some("us-east-1")));
    connect(&mut stage, "shop", "us-east-1");
    // A profile that names no region keeps the one that is looked at.
    stage.run("profile audit");
    list(&mut stage);
    let (_, last) = stage.connects.last().expect("it was asked for");
    assert_eq!(*last, to(Some("audit"), Some("us-east-1")));
}

#[test]
fn names_that_lead_nowhere_change_nothing() {
    let mut stage = Stage::shop();
    let epoch = stage.app.epoch();
    stage.run("profile legcay");
    list(&mut stage);
    assert!(
        stage.foot().contains("did you mean legacy?"),
        "{}",
        stage.foot()
    );
    stage.run("region Moon/1");
    assert!(
        stage.foot().contains("no name of a region"),
        "{}",
        stage.foot()
    );
    stage.run("profile shop");
    list(&mut stage);
    assert!(stage.foot().contains("already"), "{}", stage.foot());
    stage.press("P");
    stage.send(Event::Contexts(Err("this account is simulated".to_owned())));
    assert!(stage.foot().contains("simulated"), "{}", stage.foot());
    assert!(!stage.text().contains("reading the profiles"));
    assert_eq!(stage.app.epoch(), epoch);
    assert!(stage.text().contains("prod-web"), "{}", stage.text());
}

#[test]
fn keys_before_the_profiles_are_known_are_text_and_not_commands() {
    let mut stage = Stage::shop();
    stage.press("P").write("legacy").press("enter");
    assert!(
        stage
            .effects
            .iter()
            .all(|effect| !matches!(effect, Effect::Act { .. }))
    );
    list(&mut stage);
    stage.press("enter");
    let wanted = to(Some("legacy"), Some("us-east-1"));
    assert_eq!(stage.connects.last().map(|(_, to)| to), Some(&wanted));
}

#[test]
fn late_answers_gates_and_banners_of_the_old_context_are_dropped() {
    let setup = Setup {
        readonly: true,
        class: Some(EnvClass::Prod),
        ..Setup::default()
    };
    let mut stage = Stage::new(Account::shop(), setup);
    let old = stage.app.epoch();
    stage.run("profile legacy");
    list(&mut stage);
    // What the old account forbade says nothing of the new one.
    assert!(header(&stage).contains("read-write"), "{}", header(&stage));
    for part in stage.account.answer(&Query::Clusters(None)) {
        stage.deliver(old, Query::Clusters(None), part);
    }
    assert_eq!(stage.app.store().size(), (0, 0, 0));
    stage.send(Event::Classified {
        epoch: old,
        class: None,
        readonly: true,
    });
    assert!(header(&stage).contains("read-write"), "{}", header(&stage));
    stage.send(Event::Classified {
        epoch: old + 1,
        class: Some(EnvClass::Prod),
        readonly: true,
    });
    assert!(header(&stage).contains("READ-ONLY"), "{}", header(&stage));
}

#[test]
fn nothing_is_changed_before_the_account_is_known() {
    let setup = Setup {
        answering: false,
        ..Setup::default()
    };
    let mut stage = Stage::new(Account::shop(), setup);
    let epoch = stage.app.epoch();
    for part in stage.account.answer(&Query::Clusters(None)) {
        stage.deliver(epoch, Query::Clusters(None), part);
    }
    stage.run("svc prod-web");
    let services: Vec<_> = stage
        .waiting()
        .filter(|query| matches!(query, Query::Services { .. }))
        .cloned()
        .collect();
    for query in services {
        for part in stage.account.answer(&query) {
            stage.deliver(epoch, query.clone(), part);
        }
    }
    stage.press("r");
    assert!(
        stage.foot().contains("account is not known yet"),
        "{}",
        stage.foot()
    );
    for part in stage.account.answer(&Query::Identity) {
        stage.deliver(epoch, Query::Identity, part);
    }
    stage.press("r");
    assert!(stage.text().contains("Redeploy"), "{}", stage.text());
}

#[test]
fn what_was_done_is_told_everywhere_and_followed_no_more() {
    let mut stage = Stage::sized(140, 40);
    past::make(&mut stage);
    assert!(stage.app.store().rollouts()[0].is_going_on());
    stage.run("profile legacy");
    list(&mut stage);
    let foot = stage.foot();
    assert!(
        foot.contains("of shop in eu-west-1 is not followed any more"),
        "{foot}"
    );
    assert!(!stage.app.store().rollouts()[0].is_going_on());
    connect(&mut stage, "legacy", "us-east-1");
    stage.run("rollouts");
    let text = stage.text();
    for word in ["unfollowed", "begun in shop in eu-west-1"] {
        assert!(text.contains(word), "{word} in {text}");
    }
    stage.run("audit");
    let text = stage.text();
    assert!(
        text.contains("workers-ec2") && text.contains("eu-west-1"),
        "{text}"
    );
}

#[test]
fn what_was_done_elsewhere_is_taken_back_only_there() {
    let setup = Setup {
        size: (140, 40),
        ..Setup::default()
    };
    let mut account = Account::plain(1, 3);
    for service in &mut account.services {
        (service.desired, service.running) = (2, 2);
    }
    let mut stage = Stage::new(account, setup);
    stage.press("enter s");
    stage.pass(Duration::from_millis(401));
    stage.write("+2").press("enter right enter");
    let act = stage.effects.iter().find_map(|effect| match effect {
        Effect::Act { act, .. } => Some(act.id),
        _ => None,
    });
    stage.send(Event::Acted {
        epoch: stage.app.epoch(),
        id: act.expect("it was asked for"),
        outcome: Box::new(Outcome::Done(Done::default())),
    });
    assert!(stage.app.store().records()[0].undo.is_some());
    stage.run("profile legacy");
    list(&mut stage);
    connect(&mut stage, "legacy", "us-east-1");
    for keys in ["U", ": a u d i t enter u"] {
        stage.press(keys);
        let foot = stage.foot();
        let wanted = "was done in shop, eu-west-1: go there first (P switches)";
        assert!(foot.contains(wanted), "{foot}");
    }
    stage.run("profile shop");
    list(&mut stage);
    connect(&mut stage, "shop", "eu-west-1");
    stage.press("U");
    assert!(
        stage.text().contains("takes back: scale"),
        "{}",
        stage.text()
    );
}

#[test]
fn what_is_done_in_waves_ends_and_an_answer_that_comes_late_is_told_with_its_place() {
    let setup = Setup {
        size: (140, 40),
        ..Setup::default()
    };
    let mut account = Account::plain(1, 3);
    for service in &mut account.services {
        let definition = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7";
        service.task_definition = Some(Arn::new(definition));
        (service.desired, service.running) = (2, 2);
    }
    let mut stage = Stage::new(account, setup);
    stage.press("enter space space space r");
    stage.pass(Duration::from_millis(401));
    stage.press("right enter");
    let acts = |stage: &Stage| -> Vec<(u64, u64)> {
        let acts = stage.effects.iter().filter_map(|effect| match effect {
            Effect::Act { epoch, act, .. } => Some((*epoch, act.id)),
            _ => None,
        });
        acts.collect()
    };
    let sent = acts(&stage);
    assert!(!sent.is_empty() && sent.len() < 3, "{}", stage.text());
    stage.run("profile legacy");
    list(&mut stage);
    assert!(
        stage.foot().contains("left as they were"),
        "{}",
        stage.foot()
    );
    connect(&mut stage, "legacy", "us-east-1");
    for (epoch, id) in &sent {
        stage.send(Event::Acted {
            epoch: *epoch,
            id: *id,
            outcome: Box::new(Outcome::Done(Done::default())),
        });
    }
    let foot = stage.foot();
    assert!(foot.contains("of shop in eu-west-1: done"), "{foot}");
    assert_eq!(acts(&stage), sent, "nothing further is sent anywhere");
}

#[test]
fn logs_end_with_the_context() {
    let mut account = Account::shop();
    for container in account
        .definitions
        .iter_mut()
        .flat_map(|one| &mut one.containers)
    {
        let options = [
            ("awslogs-group", "/ecs/shop"),
            ("awslogs-region", "eu-west-1"),
            ("awslogs-stream-prefix", "ecs"),
        ];
        let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
        container.log = Some(LogConfiguration {
            driver: "awslogs".to_owned(),
            options: options.to_vec(),
            secret_options: Vec::new(),
        });
    }
    let mut stage = Stage::new(account, Setup::default());
    stage.run("svc prod-web").press("l");
    let begun = |effect: &&Effect| matches!(effect, Effect::Tail { .. });
    assert_eq!(stage.effects.iter().filter(begun).count(), 1);
    stage.run("profile legacy");
    list(&mut stage);
    let ended = |effect: &&Effect| matches!(effect, Effect::EndTail(_));
    assert_eq!(stage.effects.iter().filter(ended).count(), 1);
    connect(&mut stage, "legacy", "us-east-1");
    assert_eq!(stage.effects.iter().filter(begun).count(), 1);
}

#[test]
fn what_is_known_is_kept_before_it_is_left() {
    let mut stage = Stage::shop();
    stage.app.keep(stage.now);
    stage.pass(Duration::from_secs(5));
    stage.run("profile legacy");
    list(&mut stage);
    let kept: Vec<_> = stage
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Keep(snapshot) => Some(snapshot.origin.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(kept.len(), 1);
    assert_eq!((&*kept[0].profile, &*kept[0].region), ("shop", "eu-west-1"));
    // A part of the last run's snapshot of the old context that comes late is of no use.
    let snapshot = stage.effects.iter().find_map(|effect| match effect {
        Effect::Keep(snapshot) => Some(snapshot.clone()),
        _ => None,
    });
    let snapshot = snapshot.expect("it was kept");
    let epoch = stage.app.epoch();
    stage.send(Event::Restored {
        epoch: epoch - 1,
        snapshot: snapshot.clone(),
        more: false,
    });
    assert_eq!(stage.app.store().size(), (0, 0, 0));
    // What was kept of the new one is painted at once.
    stage.send(Event::Restored {
        epoch,
        snapshot,
        more: false,
    });
    assert!(stage.text().contains("prod-web"), "{}", stage.text());
    assert!(header(&stage).contains("connecting"), "{}", header(&stage));
}

#[test]
fn a_connection_of_the_new_context_that_fails_is_tried_again_for_it() {
    let mut stage = Stage::shop();
    stage.run("profile legacy");
    list(&mut stage);
    let epoch = stage.app.epoch();
    let fault = Fault {
        kind: FaultKind::Unconfigured,
        op: "connect".to_owned(),
        message: "the file cannot be read".to_owned(),
        hint: String::new(),
    };
    stage.send(Event::Connected {
        epoch,
        result: Err(fault),
    });
    assert!(stage.text().contains("the file cannot be read"));
    stage.connects.clear();
    stage.pass(Duration::from_secs(15));
    let wanted = to(Some("legacy"), Some("us-east-1"));
    assert_eq!(stage.connects, [(epoch, wanted)]);
    assert!(stage.now.wall > Timestamp(0));
}

#[test]
fn regions_are_taken_together() {
    let mut stage = Stage::shop();
    stage.run("region");
    list(&mut stage);
    // The one that is looked at is among them from the start.
    stage.write("us-east").press("tab").write("-2").press("tab");
    let text = stage.text();
    assert!(
        text.contains("together: eu-west-1, us-east-1, us-east-2"),
        "{text}"
    );
    // One that is not among them is gone to alone, those that are together.
    stage.press("tab esc");
    let text = stage.text();
    assert!(text.contains("together: eu-west-1, us-east-1"), "{text}");
    stage.press("enter");
    let (_, last) = stage.connects.last().expect("it was asked for");
    assert_eq!(*last, to(None, Some("eu-west-1,us-east-1")));
    assert!(
        header(&stage).contains("eu-west-1, us-east-1"),
        "{}",
        header(&stage)
    );
    stage.fetched.clear();
    connect(&mut stage, "shop", "eu-west-1,us-east-1");
    for region in ["eu-west-1", "us-east-1"] {
        let query = Query::Clusters(Some(Region::new(region)));
        assert!(stage.fetched.contains(&query), "{:?}", stage.fetched);
    }
    assert!(stage.text().contains("REGION"), "{}", stage.text());
    // What was left out is one of the list again, and a set that was used stands there whole.
    stage.press("P");
    list(&mut stage);
    assert!(
        stage.text().contains("2 regions together"),
        "{}",
        stage.text()
    );
    stage.press("esc");
    stage.run("region us-east-1, eu-west-1,us-east-1");
    list(&mut stage);
    let (_, last) = stage.connects.last().expect("it was asked for");
    assert_eq!(*last, to(None, Some("us-east-1,eu-west-1")));
    stage.run("region us-east-1,nowhere_");
    assert!(
        stage.foot().contains("nowhere_ is no name"),
        "{}",
        stage.foot()
    );
}
