//! The pages of each view over one account.

use rstest::rstest;

use super::account::{NOW, account, arn, page, subject};
use crate::{
    model::Subject,
    resource::{Cx, Scope, VIEWS, find},
};

#[rstest]
#[case("services", subject("service/shop/web"), &[
    "failing", "is unable to consistently start tasks", "see the reasons of the stopped tasks",
    "50% = 3 tasks", "150% = 7 tasks", "trips at 3 failed tasks, then rolls back",
    "ECS deployment ecs-svc/3 in progress.", "FARGATE_SPOT weight 1 base 0",
])]
#[case("services", subject("service/legacy"), &["scaled to 0", "off"])]
#[case("services", subject("service/shop/blue"), &["CODE_DEPLOY", "STABILIZING 1/2", "task set ecs-svc/9"])]
#[case("tasks", subject("task/shop/eeeeeeee5555"), &[
    "Why it stopped", "app was killed for memory: limit 512 MiB", "Raise the memory limit",
    "app: exit 137, OutOfMemoryError", "envoy: exit 0", "2023-11-15 22:08:20 UTC (5m ago)",
])]
#[case("tasks", subject("task/shop/aaaaaaaa1111"), &["256 units (0.25 vCPU)", "1.5 GiB", "10.0.0.7", "Container app"])]
#[case("tasks", subject("task/bbbbbbbb2222"), &["PENDING > RUNNING", "i-0123456789abcdef0"])]
#[case("containers", Subject::part(&arn("task/shop/aaaaaaaa1111"), "app"), &["essential", "8080/tcp", "DB_HOST=", "api:7"])]
#[case("containers", Subject::part(&arn("task/shop/eeeeeeee5555"), "app"), &["killed for memory", "not known yet"])]
#[case("instances", subject("container-instance/shop/99999999"), &["not connected", "No task starts or stops here"])]
#[case("instances", subject("container-instance/shop/cccccccc3333"), &["512 units (0.50 vCPU) free of 2048 units", "2.5 GiB free of 4 GiB"])]
#[case("deployments", Subject::part(&arn("service/shop/web"), "ecs-svc/3"), &["IN_PROGRESS", "2 of 3 in a row before the breaker trips"])]
#[case("deployments", Subject::part(&arn("service/shop/blue"), "ecs-svc/9"), &["Task set", "STABILIZING"])]
#[case("events", Subject::part(&arn("service/shop/web"), "e3"), &["(service web) is unable to", "look at"])]
#[case("families", Subject::whole(&crate::model::Arn::of_family("eu-west-1", "api")), &["api:7", "api:6"])]
#[case("families", Subject::whole(&crate::model::Arn::of_family("eu-west-1", "web")), &["not listed yet"])]
#[case("revisions", subject("task-definition/api:7"), &[
    "api:7", "512 MiB", "256 units", "awsvpc", "serve \"two words\"", "KEY from arn:aws:ssm:r:1:parameter/key",
    "splunk-url=https://splunk.internal", "splunk-token=••••••", "DB_PASSWORD=••••••", "team=shop",
])]
fn pages_say_what_is_known(#[case] view: &str, #[case] subject: Subject, #[case] words: &[&str]) {
    let text = page(view, &subject, &account());
    for word in words {
        assert!(text.contains(word), "no {word:?} in\n{text}");
    }
}

#[rstest]
#[case("revisions", subject("task-definition/api:7"))]
#[case("containers", Subject::part(&arn("task/shop/aaaaaaaa1111"), "app"))]
fn no_page_leaks_a_value_before_it_is_asked_for(#[case] view: &str, #[case] subject: Subject) {
    let store = account();
    let cx = Cx {
        store: &store,
        now: NOW,
    };
    let page = find(view).unwrap().page(&subject, &cx).unwrap();
    assert!(page.has_secrets());
    for value in ["db.internal", "hunter2", "t0k3n", "l4b3l"] {
        assert!(!page.text(false).contains(value), "{value} is shown");
        assert!(page.text(true).contains(value), "{value} is not revealed");
    }
}

#[test]
fn every_row_has_a_page_that_asks_for_something_and_cells_in_every_column() {
    let store = account();
    let cx = Cx {
        store: &store,
        now: NOW,
    };
    let scopes = [
        Scope::account(),
        Scope::of(subject("cluster/shop")),
        Scope::of(subject("service/shop/web")),
        Scope::of(subject("service/shop/blue")),
        Scope::of(subject("task/shop/eeeeeeee5555")),
        Scope::of(Subject::whole(&crate::model::Arn::of_family(
            "eu-west-1",
            "api",
        ))),
        Scope::of(Subject::whole(&crate::model::Arn::new(
            "arn:aws:ecr:eu-west-1:123456789012:repository/shop/api",
        ))),
    ];
    for view in VIEWS {
        let mut seen = 0;
        for scope in &scopes {
            let rows = view.rows(scope, &store);
            for row in 0..rows.len() {
                seen += 1;
                for column in 0..view.heads().len() {
                    let cell = rows.cell(row, column, &cx);
                    assert!(
                        !cell.text.is_empty() || !cell.trend.is_empty(),
                        "{} column {column}",
                        view.id()
                    );
                }
                let subject = rows.subject(row);
                let needs = view.page_needs(&subject, &store);
                assert_ne!(needs.is_empty(), super::is_asked_for(*view));
                // Of revisions, only the described ones have something to say.
                if view.id() != "revisions" || store.definition(&subject.arn).is_some() {
                    assert!(view.page(&subject, &cx).is_some(), "{subject:?}");
                }
            }
        }
        assert!(seen > 0, "no row of {} was looked at", view.id());
    }
}
