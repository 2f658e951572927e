//! What ECR adds to the screens, and what becomes of them where ECR says nothing: no row is lost, and no other view is
//! the worse for it.

use std::time::Duration;

use ecsight::model::{Fault, FaultKind, Query};

use crate::support::{
    account::{Account, unreachable},
    painted,
    stage::{Setup, Stage},
};

fn denied(action: &str) -> Fault {
    Fault {
        kind: FaultKind::Denied {
            action: action.to_owned(),
        },
        op: "DescribeImages".to_owned(),
        message: format!("not authorized to perform: {action}"),
        hint: format!("ask for a policy that allows {action}"),
    }
}

fn stage(fault: Option<Fault>, size: (u16, u16)) -> Stage {
    let account = Account {
        registry_fault: fault,
        ..Account::shop()
    };
    let setup = Setup {
        size,
        ..Setup::default()
    };
    Stage::new(account, setup)
}

/// The screen without the line of the column heads and what is right of the columns that both have.
fn ids(stage: &Stage) -> Vec<String> {
    let text = stage.text();
    let rows = text.lines().filter(|line| line.contains("web-api:4"));
    rows.map(|line| line.chars().take(24).collect()).collect()
}

#[test]
fn tasks_containers_and_services_name_what_runs_an_older_image() {
    let mut text = String::new();
    let mut stage = stage(None, (140, 40));
    stage.run("tasks all");
    assert!(stage.text().contains("older 2.0.0"), "{}", stage.text());
    painted::shot(&mut text, "all tasks", &stage);
    stage.run("svc prod-web").press("/").write("payments");
    stage.press("enter d");
    painted::shot(&mut text, "the page of a service", &stage);
    stage.press("esc");
    assert!(
        stage.text().contains("1 of 3 runs an older 2.0.0"),
        "the tasks were listed for the page:\n{}",
        stage.text()
    );
    stage.press("enter /").write("9e010c11");
    stage.press("enter d");
    painted::shot(&mut text, "the page of a task", &stage);
    stage.press("esc enter");
    painted::shot(&mut text, "its containers", &stage);
    stage.press("j I");
    painted::shot(&mut text, "the image of a container", &stage);
    insta::assert_snapshot!(text);
}

#[test]
fn without_ecr_every_other_view_is_whole_and_live() {
    for fault in [denied("ecr:DescribeImages"), unreachable()] {
        for line in ["svc prod-web", "tasks all", "svc all"] {
            let mut with = stage(None, (140, 40));
            with.run(line);
            let mut without = stage(Some(fault.clone()), (140, 40));
            without.run(line);
            assert_eq!(ids(&with), ids(&without), "{line}");
            assert!(!ids(&with).is_empty(), "{line}");
            let head = without.text();
            assert!(head.lines().next().unwrap().contains("live"), "{head}");
            assert!(!head.contains("ecr:"), "no banner over it:\n{head}");
            without.pass(Duration::from_secs(130));
            assert_eq!(ids(&with), ids(&without), "{line}, later");
        }
    }
}

#[test]
fn where_ecr_is_denied_the_page_of_a_task_says_so_in_a_line() {
    let mut text = String::new();
    let mut stage = stage(Some(denied("ecr:DescribeImages")), (100, 60));
    stage.run("tasks all").press("/").write("9e010c11");
    stage.press("enter d");
    painted::shot(&mut text, "the page of a task", &stage);
    let page = stage.text();
    assert!(page.lines().next().unwrap().contains("live"), "{page}");
    assert!(page.contains("denied ecr:DescribeImages"), "{page}");
    stage.run("repositories");
    painted::shot(&mut text, "repositories", &stage);
    insta::assert_snapshot!(text);
}

#[test]
fn repositories_stay_when_ecr_fails() {
    let mut stage = stage(None, (100, 30));
    stage.run("repositories").press("j enter");
    assert!(stage.text().contains("9f86d081884c"), "{}", stage.text());
    stage.account.registry_fault = Some(unreachable());
    stage.pass(Duration::from_secs(130));
    let text = stage.text();
    assert!(text.contains("9f86d081884c"), "{text}");
    assert!(text.contains("cannot reach"), "{text}");
    stage.press("esc");
    assert!(stage.text().contains("shop/payments"), "{}", stage.text());
}

#[test]
fn tags_on_the_screen_are_asked_for_together_and_once_a_minute() {
    let mut stage = stage(None, (140, 40));
    stage.run("tasks all");
    let together = stage.resolved.clone();
    assert_eq!(together.len(), 1, "{together:?}");
    assert_eq!(together[0].len(), 2, "{together:?}");
    assert!(
        together[0]
            .iter()
            .all(|query| matches!(query, Query::Tag { .. }))
    );
    // From 1 s on, tags are due with every whole minute.
    stage.pass(Duration::from_mins(5));
    assert_eq!(stage.resolved.len(), 6, "{:?}", stage.resolved);
    let manifests = stage.fetched.iter();
    let manifests = manifests.filter(|query| matches!(query, Query::Manifest { .. }));
    assert_eq!(manifests.count(), 1, "what never changes is asked for once");
}

#[test]
fn repositories_lead_to_images_and_tags_and_back_to_who_runs_them() {
    let mut text = String::new();
    let mut stage = stage(None, (100, 34));
    stage.run("ecr").press("d");
    painted::shot(&mut text, "a repository without policies", &stage);
    stage.press("esc j d");
    painted::shot(&mut text, "a repository with a lifecycle policy", &stage);
    stage.press("esc enter");
    painted::shot(&mut text, "its images", &stage);
    stage.press("j enter");
    painted::shot(&mut text, "an untagged image that is in use", &stage);
    stage.press("esc t");
    painted::shot(&mut text, "its tags", &stage);
    stage.press("k d");
    painted::shot(&mut text, "a tag that was moved", &stage);
    stage.run("ecr").press("k k enter enter");
    painted::shot(&mut text, "an index", &stage);
    insta::assert_snapshot!(text);
}
