//! What is on the screen of a log, and what it says where there are no lines.

use ecsight::model::{Fault, FaultKind, LogReport, TailState};

use super::{at_service, awslogs, containers, fill, logs_of, report, shop, sized, tail, turn};
use crate::support::{painted, stage::Setup};

#[test]
fn a_service_at_work() {
    let mut text = String::new();
    for (width, height) in [(80, 24), (140, 40), (40, 12)] {
        let mut stage = logs_of("api", sized(width, height));
        turn(&mut stage, TailState::Live);
        fill(&mut stage, 0, 50);
        painted::shot(&mut text, "following", &stage);
        stage.press("k k");
        fill(&mut stage, 50, 1_254);
        painted::shot(&mut text, "scrolled up", &stage);
        stage.press("G f w");
        painted::shot(&mut text, "following again, folded, wrapped", &stage);
        stage.press("/").write("route").press("enter");
        painted::shot(&mut text, "only matches", &stage);
        stage.press("> tab n");
        painted::shot(&mut text, "all lines, matches marked", &stage);
    }
    insta::assert_snapshot!(text);
}

fn denied() -> Fault {
    Fault {
        kind: FaultKind::Denied {
            action: "logs:FilterLogEvents".to_owned(),
        },
        op: "FilterLogEvents".to_owned(),
        message: "not allowed to perform logs:FilterLogEvents".to_owned(),
        hint: "ask for the action logs:FilterLogEvents".to_owned(),
    }
}

#[test]
fn every_state_is_told_in_words() {
    let mut text = String::new();
    let mut stage = logs_of("api", Setup::default());
    painted::shot(&mut text, "opening", &stage);
    turn(&mut stage, TailState::Live);
    painted::shot(&mut text, "no line yet", &stage);
    stage.press("3");
    turn(&mut stage, TailState::Live);
    painted::shot(&mut text, "no line within five minutes", &stage);
    let why = "StartLiveTail is denied".to_owned();
    turn(&mut stage, TailState::Polling { seconds: 2, why });
    painted::shot(&mut text, "asked for every so often", &stage);
    turn(&mut stage, TailState::Ended);
    painted::shot(&mut text, "ended", &stage);
    turn(&mut stage, TailState::Failed(denied()));
    painted::shot(&mut text, "refused", &stage);
    turn(&mut stage, TailState::Live);
    fill(&mut stage, 0, 4);
    let some = containers(&stage).split_off(4);
    let failed = LogReport::State {
        containers: some,
        state: TailState::Failed(denied()),
    };
    report(&mut stage, failed);
    painted::shot(&mut text, "some refused", &stage);
    let lost = LogReport::Lost {
        container: None,
        count: Some(1_200),
        why: "CloudWatch sampled the live tail".to_owned(),
    };
    report(&mut stage, lost);
    let lost = LogReport::Lost {
        container: containers(&stage).pop(),
        count: None,
        why: "they are older than the retention".to_owned(),
    };
    report(&mut stage, lost);
    fill(&mut stage, 4, 6);
    painted::shot(&mut text, "lines lost", &stage);
    insta::assert_snapshot!(text);
}

#[test]
fn where_a_log_is_that_cannot_be_read() {
    let mut text = String::new();
    for driver in ["splunk", "awsfirelens", "none", "json-file", ""] {
        let mut account = shop();
        for definition in &mut account.definitions {
            let mut log = awslogs("x");
            log.driver = driver.to_owned();
            log.options = match driver {
                "splunk" => vec![("splunk-url".to_owned(), "https://splunk:8088".to_owned())],
                "awsfirelens" => vec![("Name".to_owned(), "datadog".to_owned())],
                _ => Vec::new(),
            };
            let log = Some(log).filter(|log| !log.driver.is_empty());
            definition.containers[0].log.clone_from(&log);
            definition.containers[1].name = "log_router".to_owned();
            definition.containers[1].log = log;
        }
        let mut stage = at_service("checkout", account, sized(80, 8));
        stage.press("l");
        assert_eq!(tail(&stage), None);
        painted::shot(&mut text, &format!("driver {driver:?}"), &stage);
    }
    let mut stage = at_service("legacy", shop(), sized(80, 8));
    stage.press("l");
    painted::shot(&mut text, "no task", &stage);
    insta::assert_snapshot!(text);
}

#[test]
fn what_the_task_that_stopped_last_wrote() {
    let mut text = String::new();
    for (width, height) in [(80, 24), (140, 40), (40, 12)] {
        let mut stage = at_service("payments", shop(), sized(width, height));
        stage.press("p");
        let (id, tail) = tail(&stage).expect("a tail was asked for");
        assert_eq!(id.of.arn.kind(), "task");
        assert!(!tail.follow);
        turn(&mut stage, TailState::Opening);
        fill(&mut stage, 0, 4);
        turn(&mut stage, TailState::Ended);
        painted::shot(&mut text, "the last lines", &stage);
    }
    let mut stage = at_service("api", shop(), sized(80, 10));
    stage.press("p");
    painted::shot(&mut text, "of another service", &stage);
    stage.press("l");
    painted::shot(&mut text, "and what is written now", &stage);
    stage.press("p s");
    painted::shot(&mut text, "and back", &stage);
    let mut stage = at_service("legacy", shop(), sized(80, 10));
    stage.press("p");
    painted::shot(&mut text, "none stopped", &stage);
    insta::assert_snapshot!(text);
}
