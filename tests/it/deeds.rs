//! Deeds without a network: from the key to the plan, to what the outside is asked for, and what comes of it.

use std::time::Duration;

use ecsight::{
    app::{Effect, Event},
    model::{
        Act, Arn, Change, Deployment, Done, Entity, Fault, FaultKind, Outcome, Record, Service,
        Verdict, samples,
    },
};
use proptest::{prelude::*, sample::select};

use crate::support::{
    account::Account,
    stage::{Setup, Stage},
};

/// Longer than a plan is deaf for.
const HEARS: Duration = Duration::from_millis(401);

/// Three services of two tasks each in `cluster-0`, with the cursor on the first.
fn stage() -> Stage {
    staged(Setup {
        size: (120, 40),
        ..Setup::default()
    })
}

fn staged(setup: Setup) -> Stage {
    let mut account = Account::plain(1, 3);
    for service in &mut account.services {
        (service.desired, service.running) = (2, 2);
        let definition = Arn::new("arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7");
        let deployment = samples::deployment("ecs-svc/1", &definition);
        service.task_definition = Some(definition);
        service.deployments = vec![Deployment {
            desired: 2,
            running: 2,
            ..deployment
        }];
    }
    let mut stage = Stage::new(account, setup);
    stage.press("enter");
    stage
}

/// What the outside was asked to do, in order.
fn acts(stage: &Stage) -> Vec<(Act, Record)> {
    let acts = stage.effects.iter().filter_map(|effect| match effect {
        Effect::Act { act, record, .. } => Some(((**act).clone(), (**record).clone())),
        _ => None,
    });
    acts.collect()
}

fn last_act(stage: &Stage) -> Act {
    acts(stage).pop().expect("something was asked for").0
}

fn answer(stage: &mut Stage, outcome: Outcome) {
    let id = last_act(stage).id;
    let event = Event::Acted {
        epoch: stage.app.epoch(),
        id,
        outcome: Box::new(outcome),
    };
    stage.send(event);
}

/// Makes the account as the last act wants it, and says so.
fn succeed(stage: &mut Stage) {
    let change = last_act(stage).change;
    let target = change.target().clone();
    let mut entities = Vec::new();
    if let Some(service) = stage
        .account
        .services
        .iter_mut()
        .find(|service| service.arn == target)
    {
        match &change {
            Change::Scale { desired, .. } => {
                service.desired = *desired;
                if let Some(deployment) = service.deployments.first_mut() {
                    deployment.desired = *desired;
                }
            }
            Change::Redeploy { .. } => begin_deployment(service),
            _ => {}
        }
        entities.push(Entity::Service(Box::new(service.clone())));
    }
    answer(
        stage,
        Outcome::Done(Done {
            entities,
            requests: vec!["req-1".to_owned()],
            ..Done::default()
        }),
    );
}

fn begin_deployment(service: &mut Service) {
    if service.deployments.is_empty() {
        return;
    }
    let mut new = service.deployments[0].clone();
    new.id = format!("{}-new", new.id);
    (new.running, new.pending) = (0, 2);
    new.rollout_state = Some("IN_PROGRESS".to_owned());
    "ACTIVE".clone_into(&mut service.deployments[0].status);
    service.deployments.insert(0, new);
}

/// Brings every service of the account to rest.
fn come_to_rest(stage: &mut Stage) {
    for service in &mut stage.account.services {
        service.deployments.truncate(1);
        let desired = service.desired;
        (service.running, service.pending) = (desired, 0);
        let deployment = &mut service.deployments[0];
        (deployment.running, deployment.pending) = (desired, 0);
        deployment.rollout_state = Some("COMPLETED".to_owned());
    }
    stage.pass(Duration::from_secs(15));
}

#[test]
fn a_plan_names_its_target_and_begins_on_cancel() {
    let mut stage = stage();
    stage.press("j r");
    stage.pass(HEARS);
    let text = stage.text();
    for says in [
        "Redeploy",
        "cluster-0/service-01",
        "service/cluster-0/service-01",
        "account 123456789012, eu-west-1, profile shop",
        "replaces 2 tasks; at most 4 run meanwhile, at least 2",
        "ecs:UpdateService forceNewDeployment=true",
        "aws ecs update-service --cluster arn:aws:ecs",
        ">[ Cancel ]",
    ] {
        assert!(text.contains(says), "{says} in\n{text}");
    }
    stage.press("enter");
    assert!(acts(&stage).is_empty());
    assert!(!stage.text().contains("[ Cancel ]"));
}

#[test]
fn no_letter_confirms_and_keys_on_their_way_are_not_for_the_plan() {
    let mut stage = stage();
    stage.press("r right enter y enter");
    assert!(acts(&stage).is_empty());
    assert!(stage.text().contains("[ Cancel ]"), "it is still there");
    stage.pass(HEARS);
    stage.press("y Y r x q");
    assert!(stage.text().contains(">[ Cancel ]"), "{}", stage.text());
    assert!(acts(&stage).is_empty());
    stage.press("right enter");
    assert_eq!(acts(&stage).len(), 1);
}

#[test]
fn scaling_sends_the_count_of_the_row_and_can_be_taken_back() {
    let mut stage = stage();
    stage.press("j s");
    stage.pass(HEARS);
    stage.write("+2").press("enter");
    assert!(
        stage.text().contains("desired count  2 → 4"),
        "{}",
        stage.text()
    );
    assert!(stage.text().contains("starts 2 tasks; 2 run now"));
    stage.press("right enter");
    let (act, record) = acts(&stage).pop().unwrap();
    let service = &stage.account.services[1];
    let expected = Change::Scale {
        cluster: service.cluster.clone(),
        service: service.arn.clone(),
        desired: 4,
    };
    assert_eq!(act.change, expected);
    assert_eq!(record.verdict, Verdict::UnderWay);
    assert_eq!(
        (record.before.as_str(), record.after.as_str()),
        ("desired count 2", "desired count 4")
    );
    assert_eq!(
        record.principal,
        "arn:aws:sts::123456789012:assumed-role/ops/kim"
    );
    succeed(&mut stage);
    let foot = stage.foot();
    assert!(
        foot.contains("done") && foot.contains("u takes it back") && foot.contains("req-1"),
        "{foot}"
    );
    assert!(
        stage
            .text()
            .contains("scale cluster-0/service-01: 2 of 4 running"),
        "{}",
        stage.text()
    );
    // The key says so beside the message; elsewhere it would roll back.
    stage.press("u");
    stage.pass(HEARS);
    let text = stage.text();
    assert!(
        text.contains("takes back: scale cluster-0/service-01"),
        "{text}"
    );
    assert!(text.contains("desired count  4 → 2"), "{text}");
    stage.press("right enter");
    assert!(matches!(
        last_act(&stage).change,
        Change::Scale { desired: 2, .. }
    ));
}

#[test]
fn a_rollout_is_followed_wherever_one_looks() {
    let mut stage = stage();
    stage.press("r");
    stage.pass(HEARS);
    stage.press("right enter");
    succeed(&mut stage);
    stage.run("clusters");
    let text = stage.text();
    assert!(
        text.contains("redeploy cluster-0/service-00: 0 of 2 new, 2 old, 2 starting"),
        "{text}"
    );
    stage.run("rollouts");
    assert!(stage.text().contains("under way"), "{}", stage.text());
    stage.run("clusters");
    come_to_rest(&mut stage);
    let text = stage.text();
    assert!(
        text.contains("redeploy cluster-0/service-00: steady after"),
        "{text}"
    );
    // Once told it makes room again; the list keeps it.
    stage.pass(Duration::from_secs(25));
    assert!(!stage.text().contains("steady after"), "{}", stage.text());
    stage.run("rollouts");
    assert!(stage.text().contains("steady"), "{}", stage.text());
}

#[test]
fn a_target_that_changed_gets_another_plan_and_nothing_is_sent_by_itself() {
    let mut stage = stage();
    stage.press("s");
    stage.pass(HEARS);
    stage.write("5").press("tab right enter");
    stage.account.services[0].desired = 3;
    let known = stage.account.services[0].clone();
    answer(
        &mut stage,
        Outcome::Changed {
            differences: vec!["desired count was 2, is 3".to_owned()],
            entities: vec![Entity::Service(Box::new(known))],
        },
    );
    let text = stage.text();
    assert!(
        text.contains("nothing was sent: desired count was 2, is 3"),
        "{text}"
    );
    assert!(text.contains("desired count  3 → 5"), "{text}");
    assert!(text.contains(">[ Cancel ]"), "{text}");
    assert_eq!(acts(&stage).len(), 1);
}

#[test]
fn a_plan_that_is_open_while_its_target_changes_says_so_and_goes_back_to_cancel() {
    let mut stage = stage();
    stage.press("s");
    stage.pass(HEARS);
    stage.write("5").press("tab right");
    assert!(stage.text().contains(">[ Run ]"));
    stage.account.services[0].desired = 3;
    stage.pass(Duration::from_secs(6));
    let text = stage.text();
    assert!(
        text.contains("since this came up: desired count was 2, is 3"),
        "{text}"
    );
    assert!(text.contains(">[ Cancel ]"), "{text}");
    stage.press("enter");
    assert!(acts(&stage).is_empty());
}

#[test]
fn what_aws_refuses_is_told_with_the_missing_action_and_not_tried_again() {
    let mut stage = stage();
    stage.press("r");
    stage.pass(HEARS);
    stage.press("right enter");
    answer(
        &mut stage,
        Outcome::Failed {
            fault: Fault {
                kind: FaultKind::Denied {
                    action: "ecs:UpdateService".to_owned(),
                },
                op: "UpdateService".to_owned(),
                message: "not authorized".to_owned(),
                hint: "ask for ecs:UpdateService".to_owned(),
            },
            unsure: false,
            written: String::new(),
            requests: vec!["req-9".to_owned()],
        },
    );
    assert!(
        stage.foot().contains("ask for ecs:UpdateService"),
        "{}",
        stage.foot()
    );
    stage.pass(Duration::from_mins(5));
    assert_eq!(acts(&stage).len(), 1);
    stage.run("audit");
    let text = stage.text();
    assert!(
        text.contains("failed") && text.contains("cluster-0/service-00"),
        "{text}"
    );
}

#[test]
fn what_went_wrong_is_whole_on_a_narrow_screen_and_the_menu_is_hinted_at() {
    let mut stage = staged(Setup::default());
    assert!(stage.foot().contains("a actions"), "{}", stage.foot());
    stage.press("r");
    stage.pass(HEARS);
    stage.press("right enter");
    let said = "User: arn:aws:sts::123456789012:assumed-role/ops/kim is not authorized";
    answer(
        &mut stage,
        Outcome::Failed {
            fault: Fault {
                kind: FaultKind::Denied {
                    action: "ecs:UpdateService".to_owned(),
                },
                op: "UpdateService".to_owned(),
                message: said.to_owned(),
                hint: "ask for a policy that allows ecs:UpdateService".to_owned(),
            },
            unsure: false,
            written: String::new(),
            requests: Vec::new(),
        },
    );
    let text = stage.text();
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let whole = lines.join(" ");
    assert!(whole.contains("allows ecs:UpdateService"), "{text}");
    assert!(!text.contains('…'), "{text}");
}

#[test]
fn a_read_only_session_opens_no_plan_and_the_menu_says_why() {
    let mut stage = staged(Setup {
        size: (120, 40),
        readonly: true,
        ..Setup::default()
    });
    for key in ["s", "r", "u", "i", "E"] {
        stage.press(key);
        assert!(
            stage.foot().contains("read-only"),
            "{key}: {}",
            stage.foot()
        );
        assert!(!stage.text().contains("[ Cancel ]"));
    }
    stage.press("a");
    assert!(
        stage.text().contains("not here: this session is read-only"),
        "{}",
        stage.text()
    );
    assert!(acts(&stage).is_empty());
}

#[test]
fn a_protected_cluster_wants_the_name_typed() {
    let mut stage = Stage::new(
        Account::shop(),
        Setup {
            size: (120, 40),
            ..Setup::default()
        },
    );
    stage.press("/").write("prod-web").press("enter enter");
    stage.press("/").write("checkout").press("enter");
    stage.press("r");
    stage.pass(HEARS);
    assert!(
        stage.text().contains("type prod-web/checkout"),
        "{}",
        stage.text()
    );
    stage.press("right enter");
    assert!(acts(&stage).is_empty());
    assert!(
        stage.foot().contains("type prod-web/checkout"),
        "{}",
        stage.foot()
    );
    stage.write("prod-web/checkout").press("tab tab enter");
    assert_eq!(acts(&stage).len(), 1);
}

#[test]
fn marked_rows_are_done_in_waves_and_esc_stops_before_the_next() {
    let mut stage = stage();
    stage.press("space space space r");
    stage.pass(HEARS);
    let text = stage.text();
    assert!(
        text.contains("Redeploy: 3 targets") && text.contains("waves of  1"),
        "{text}"
    );
    stage.press("right enter");
    assert_eq!(acts(&stage).len(), 1, "one at a time");
    succeed(&mut stage);
    assert!(
        stage.text().contains("0 of 3 done; the next wave waits"),
        "{}",
        stage.text()
    );
    come_to_rest(&mut stage);
    assert_eq!(
        acts(&stage).len(),
        2,
        "the next wave began when the first was steady"
    );
    succeed(&mut stage);
    stage.press("esc");
    assert!(stage.foot().contains("no further wave"), "{}", stage.foot());
    come_to_rest(&mut stage);
    stage.pass(Duration::from_mins(1));
    assert_eq!(acts(&stage).len(), 2);
    let targets: Vec<_> = acts(&stage)
        .iter()
        .map(|(act, _)| act.change.target().clone())
        .collect();
    let expected: Vec<_> = stage
        .account
        .services
        .iter()
        .take(2)
        .map(|service| service.arn.clone())
        .collect();
    assert_eq!(targets, expected);
}

#[test]
fn a_wave_that_fails_ends_it() {
    let mut stage = stage();
    stage.press("space V j j V r");
    stage.pass(HEARS);
    stage.press("right enter");
    answer(
        &mut stage,
        Outcome::Failed {
            fault: crate::support::account::denied(),
            unsure: false,
            written: String::new(),
            requests: Vec::new(),
        },
    );
    assert!(
        stage.foot().contains("2 left as they were"),
        "{}",
        stage.foot()
    );
    stage.pass(Duration::from_mins(1));
    assert_eq!(acts(&stage).len(), 1);
}

#[test]
fn nothing_that_is_typed_reaches_a_screen_or_a_shell_unquoted() {
    let mut stage = Stage::new(
        Account::shop(),
        Setup {
            size: (120, 40),
            ..Setup::default()
        },
    );
    stage.run("task all");
    stage.press("X");
    stage.pass(HEARS);
    stage.write("it's $(late)").press("ctrl-y");
    let copied = stage.effects.iter().find_map(|effect| match effect {
        Effect::Copy { text, .. } => Some(text.clone()),
        _ => None,
    });
    let copied = copied.expect("the command was copied");
    assert!(copied.ends_with(r"--reason 'it'\''s $(late)'"), "{copied}");
}

#[test]
fn another_answer_is_another_plan_and_none_that_changed_meanwhile() {
    let mut stage = Stage::new(
        Account::shop(),
        Setup {
            size: (120, 40),
            ..Setup::default()
        },
    );
    stage.run("repositories").press("enter j t");
    stage.pass(HEARS);
    stage.write("stable,next").press("enter");
    let text = stage.text();
    assert!(!text.contains("since this came up"), "{text}");
    assert!(
        text.contains("tag stable") && text.contains("tag next  (no such tag)"),
        "{text}"
    );
}

/// One thing that happens between a look and a key.
#[derive(Debug, Clone)]
enum Step {
    Press(&'static str),
    Reorder(usize),
    Lose(usize),
    Pass(u16),
    Filter(&'static str),
    Act(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => select(vec!["j", "k", "g", "G", "N", "S", "A", "O", "<", ">", "!", "ctrl-r", "ctrl-w"]).prop_map(Step::Press),
        2 => any::<usize>().prop_map(Step::Reorder),
        1 => any::<usize>().prop_map(Step::Lose),
        1 => (0_u16..9_000).prop_map(Step::Pass),
        1 => select(vec!["service-0", "1", "!3", "nothing"]).prop_map(Step::Filter),
        3 => select(vec!["s", "r", "E"]).prop_map(Step::Act),
    ]
}

/// The thing under the cursor on the screen as it was last drawn.
fn seen(stage: &mut Stage) -> Option<String> {
    stage.under_cursor()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(320) })]

    /// 320 cases of 32 steps: more than 10,000 interleavings of answers, sorting, filtering and keys.
    #[test]
    fn the_target_is_the_row_that_was_under_the_cursor(steps in prop::collection::vec(step(), 32)) {
        let mut stage = Stage::new(Account::plain(1, 12), Setup { size: (100, 30), ..Setup::default() });
        stage.press("enter");
        for step in steps {
            match step {
                Step::Press(key) => {
                    stage.press(key);
                }
                Step::Reorder(by) => {
                    let services = &mut stage.account.services;
                    if !services.is_empty() {
                        let count = services.len();
                        services.rotate_left(by % count);
                        services[0].desired = i32::try_from(by % 9).unwrap_or(0);
                        services[0].running = 0;
                    }
                }
                Step::Lose(at) => {
                    let services = &mut stage.account.services;
                    if services.len() > 4 {
                        let at = at % services.len();
                        services.remove(at);
                    }
                }
                Step::Pass(milliseconds) => stage.pass(Duration::from_millis(milliseconds.into())),
                Step::Filter(text) => {
                    stage.press("/").write(text).press("enter");
                }
                Step::Act(key) => {
                    let Some(name) = seen(&mut stage) else { continue };
                    let before = acts(&stage).len();
                    // What is on its way when the key is pressed comes after it.
                    stage.answering = false;
                    stage.press("ctrl-r");
                    stage.press(key);
                    let opened = stage.text().contains("[ Cancel ]");
                    if opened {
                        let text = stage.text();
                        prop_assert!(text.contains(&format!("/cluster-0/{name}")), "{} in\n{}", name, text);
                    }
                    stage.answering = true;
                    stage.answer();
                    stage.pass(HEARS);
                    if key == "s" {
                        stage.write("11").press("enter");
                    }
                    stage.press("right enter");
                    let after = acts(&stage);
                    // A plan that changed meanwhile went back to Cancel, and nothing was sent.
                    if let Some((act, record)) = after.get(before) {
                        let target: &Arn = act.change.target();
                        prop_assert_eq!(target.name(), &name);
                        prop_assert_eq!(&record.target, target);
                        succeed(&mut stage);
                    }
                    stage.press("esc");
                    if stage.text().contains("[ Cancel ]") {
                        stage.press("esc");
                    }
                }
            }
        }
    }
}
