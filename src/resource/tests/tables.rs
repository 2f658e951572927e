//! The rows of each view over one account.

use rstest::rstest;

use super::account::{NOW, account, arn, shop, subject, table};
use crate::{
    model::{Query, Subject, TaskFilter},
    resource::{Cx, Place, Scope, Step, find},
    store::Store,
};

const STOPPED: usize = 1;

fn scope(resource: &str) -> Scope {
    Scope::of(subject(resource))
}

fn stopped(resource: &str) -> Scope {
    Scope {
        facet: STOPPED,
        ..scope(resource)
    }
}

#[test]
fn services_show_health_counts_and_rollout() {
    let rows = table(
        "services",
        &scope("cluster/shop"),
        &account(),
        &[
            "NAME", "STATUS", "RUN/DES", "DEPLOY", "TASKDEF", "LAUNCH", "AGE",
        ],
    );
    assert_eq!(
        rows,
        [
            "! web | failing | 3/5 | IN_PROGRESS 2/5 | web:12 | FARGATE_SPOT | 1m",
            "+ blue | rolling | 1/2 | STABILIZING 1/2 | blue:2 | - | 1h",
            "  api | ok | 3/3 | COMPLETED | api:7 | FARGATE | 2h",
            "  legacy | scaled to 0 | 0/0 | - | - | - | -",
        ]
    );
}

#[test]
fn services_of_all_clusters_name_their_cluster_and_last_event() {
    let rows = table(
        "services",
        &Scope::account(),
        &account(),
        &["NAME", "CLUSTER", "LAST EVENT"],
    );
    assert_eq!(rows.len(), 4);
    assert_eq!(
        rows[0],
        "! web | shop | 30s is unable to consistently start tasks successfully."
    );
    assert_eq!(rows[2], "  api | shop | 4m has reached a steady state.");
    assert_eq!(rows[3], "  legacy | shop | -");
}

#[test]
fn running_tasks_show_where_they_are_and_where_they_go() {
    let rows = table(
        "tasks",
        &scope("cluster/shop"),
        &account(),
        &[
            "ID", "GROUP", "STATUS", "HEALTH", "REV", "UNITS", "MEM SIZE", "IP", "INSTANCE", "AGE",
        ],
    );
    assert_eq!(
        rows,
        [
            "! dddddddd | job | RUNNING | UNHEALTHY | job:1 | - | - | - | - | -",
            "+ bbbbbbbb | web | PENDING > RUNNING | - | web:12 | - | - | - | i-0123456789abcdef0 | 20s",
            "  aaaaaaaa | api | RUNNING | HEALTHY | api:7 | 256 | 1.5 GiB | 10.0.0.7 | - | 1h",
        ]
    );
}

#[test]
fn stopped_tasks_show_why() {
    let rows = table(
        "tasks",
        &stopped("cluster/shop"),
        &account(),
        &["ID", "STOPPED", "EXIT", "STOP CODE", "REASON"],
    );
    assert_eq!(
        rows,
        [
            "! eeeeeeee | 5m | app 137, envoy 0 | EssentialContainerExited | OutOfMemoryError: Container killed due to memory usage",
            "  ffffffff | 1m | - | ServiceSchedulerInitiated | Scaling activity initiated by (deployment ecs-svc/3)",
        ]
    );
}

#[test]
fn containers_show_limits_and_ports_of_task_or_definition() {
    let rows = table(
        "containers",
        &scope("task/shop/aaaaaaaa1111"),
        &account(),
        &[
            "NAME",
            "ESSENTIAL",
            "STATUS",
            "HEALTH",
            "IMAGE",
            "DIGEST",
            "MEM LIMIT",
            "PORTS",
            "EXIT",
        ],
    );
    assert_eq!(
        rows,
        [
            "  app | yes | RUNNING | HEALTHY | shop/api:1.5.1 | 9f86d081884c | limit 512 MiB | 8080/tcp | -",
            "  proxy | - | RUNNING | - | envoy | - | soft 64 MiB | 32768->80/tcp | -",
        ]
    );
}

#[test]
fn ended_containers_show_exit_code_and_reason() {
    let rows = table(
        "containers",
        &scope("task/shop/eeeeeeee5555"),
        &account(),
        &["NAME", "STATUS", "EXIT", "REASON"],
    );
    assert_eq!(
        rows,
        [
            "! app | STOPPED | 137 | OutOfMemoryError: Container killed due to memory usage",
            "  envoy | STOPPED | 0 | -",
        ]
    );
}

#[test]
fn instances_show_room_and_a_lost_agent() {
    let rows = table(
        "instances",
        &scope("cluster/shop"),
        &account(),
        &[
            "EC2 ID", "STATUS", "AGENT", "RUN/PEND", "CPU USED", "MEM USED",
        ],
    );
    assert_eq!(
        rows,
        [
            "! 99999999 | ACTIVE | lost | 0/0 | - | -",
            "  i-0123456789abcdef0 | ACTIVE | ok | 2/1 | 1536/2048 75% | 1.5/4.0G 37%",
        ]
    );
}

#[test]
fn deployments_and_task_sets_show_their_counts() {
    let titles = [
        "STATUS", "ROLLOUT", "REV", "DESIRED", "RUNNING", "FAILED", "AGE",
    ];
    let store = account();
    assert_eq!(
        table("deployments", &scope("service/shop/web"), &store, &titles),
        [
            "! PRIMARY | IN_PROGRESS | web:12 | 5 | 2 | 2 | 1m",
            "  ACTIVE | COMPLETED | web:11 | 1 | 1 | 0 | 1d",
        ]
    );
    assert_eq!(
        table("deployments", &scope("service/shop/blue"), &store, &titles),
        ["+ PRIMARY | STABILIZING | blue:2 | 2 | 1 | - | 1h"]
    );
    assert!(table("deployments", &scope("service/legacy"), &store, &titles).is_empty());
}

#[test]
fn events_come_newest_first_without_the_service_name() {
    assert_eq!(
        table(
            "events",
            &scope("service/shop/web"),
            &account(),
            &["AGE", "TIME (UTC)", "MESSAGE"]
        ),
        [
            "! 30s | 2023-11-15 22:12:50 | is unable to consistently start tasks successfully.",
            "+ 1m | 2023-11-15 22:12:20 | has started 2 tasks: (task a) (task b).",
        ]
    );
}

#[test]
fn families_and_revisions_show_what_is_known() {
    let store = account();
    assert_eq!(
        table(
            "families",
            &Scope::account(),
            &store,
            &["NAME", "REVISIONS", "NEWEST"]
        ),
        ["  api | 2 | 7", "  web | - | -"]
    );
    let family = Scope::of(Subject::whole(&crate::model::Arn::of_family(
        "eu-west-1",
        "api",
    )));
    assert_eq!(
        table(
            "revisions",
            &family,
            &store,
            &[
                "REV",
                "STATUS",
                "IMAGES",
                "CPU",
                "MEM",
                "MODE",
                "REGISTERED"
            ]
        ),
        [
            "  7 | ACTIVE | shop/api:1.5.1 | 256 | 512 MiB | awsvpc | 2d",
            "  6 | ACTIVE | - | - | - | - | -",
        ]
    );
}

#[rstest]
#[case("service/shop/web", TaskFilter::Service("web".to_owned()))]
#[case("service/legacy", TaskFilter::Service("legacy".to_owned()))]
#[case("service/shop/unknown", TaskFilter::Service("unknown".to_owned()))]
#[case(
    "container-instance/shop/cccccccc3333",
    TaskFilter::Instance(arn("container-instance/shop/cccccccc3333"))
)]
#[case("cluster/shop", TaskFilter::All)]
fn tasks_ask_for_those_of_their_scope(#[case] resource: &str, #[case] filter: TaskFilter) {
    for (facet, is_stopped) in [(0, false), (STOPPED, true)] {
        let scope = Scope {
            facet,
            ..scope(resource)
        };
        let needs = find("tasks").unwrap().needs(&scope, &account());
        let query = Query::Tasks {
            cluster: shop(),
            filter: filter.clone(),
            stopped: is_stopped,
        };
        assert_eq!(needs, [query]);
    }
}

#[test]
fn the_whole_account_asks_only_where_something_is() {
    let (services, tasks) = (find("services").unwrap(), find("tasks").unwrap());
    let store = account();
    assert_eq!(
        services.needs(&Scope::account(), &store),
        [Query::Clusters(None), Query::Services { cluster: shop() }]
    );
    let whole = Scope {
        of: None,
        facet: STOPPED,
    };
    // Whether tasks have stopped is not known beforehand: every cluster is asked that is not gone.
    assert_eq!(tasks.needs(&whole, &store).len(), 3);
    assert_eq!(tasks.needs(&Scope::account(), &store).len(), 2);
}

#[test]
fn containers_ask_for_the_definition_once_the_task_is_known() {
    let view = find("containers").unwrap();
    let store = account();
    let needs = view.needs(&scope("task/shop/aaaaaaaa1111"), &store);
    assert_eq!(
        needs,
        [
            Query::Task {
                cluster: shop(),
                task: arn("task/shop/aaaaaaaa1111")
            },
            Query::Definition {
                definition: arn("task-definition/api:7")
            },
        ]
    );
    assert_eq!(view.needs(&scope("task/shop/unknown"), &store).len(), 1);
    assert_eq!(
        view.needs(&scope("task/old"), &Store::new()),
        [Query::Clusters(None)]
    );
}

#[test]
fn revisions_ask_for_the_newest_definitions_only() {
    let mut store = Store::new();
    let family = Scope::of(Subject::whole(&crate::model::Arn::of_family(
        "eu-west-1",
        "api",
    )));
    let view = find("revisions").unwrap();
    let list = Query::Revisions {
        family: crate::model::Arn::of_family("eu-west-1", "api"),
    };
    assert_eq!(view.needs(&family, &store), std::slice::from_ref(&list));
    let revisions = (1..=50).rev();
    let revisions = revisions.map(|number| (arn(&format!("task-definition/api:{number}")), None));
    super::account::answer(&mut store, &list, revisions.collect());
    let needs = view.needs(&family, &store);
    assert_eq!(needs.len(), 21);
    assert_eq!(
        needs[1],
        Query::Definition {
            definition: arn("task-definition/api:50")
        }
    );
}

#[rstest]
#[case(
    "services",
    "service/shop/web",
    Place::of("tasks", subject("service/shop/web"))
)]
#[case(
    "tasks",
    "task/shop/aaaaaaaa1111",
    Place::of("containers", subject("task/shop/aaaaaaaa1111"))
)]
#[case(
    "instances",
    "container-instance/shop/99999999",
    Place::of("tasks", subject("container-instance/shop/99999999"))
)]
fn enter_leads_down(#[case] view: &str, #[case] resource: &str, #[case] place: Place) {
    let store = account();
    let cx = Cx {
        store: &store,
        now: NOW,
    };
    let step = find(view)
        .unwrap()
        .enter(&subject(resource), &Scope::account(), &cx);
    assert_eq!(step, Some(Step::Open(place)));
}

#[rstest]
#[case(
    "services",
    "service/shop/web",
    "t",
    Some(Step::Describe("revisions", subject("task-definition/web:12")))
)]
#[case("services", "service/legacy", "t", None)]
#[case(
    "services",
    "service/shop/web",
    "z",
    Some(Step::Open(Place::of("deployments", subject("service/shop/web"))))
)]
#[case(
    "services",
    "service/shop/web",
    "v",
    Some(Step::Open(Place::of("events", subject("service/shop/web"))))
)]
#[case(
    "tasks",
    "task/shop/aaaaaaaa1111",
    "t",
    Some(Step::Describe("revisions", subject("task-definition/api:7")))
)]
#[case("tasks", "task/shop/aaaaaaaa1111", "o", None)]
#[case(
    "tasks",
    "task/bbbbbbbb2222",
    "o",
    Some(Step::Describe("instances", subject("container-instance/shop/cccccccc3333")))
)]
fn keys_lead_aside(
    #[case] view: &str,
    #[case] resource: &str,
    #[case] key: &str,
    #[case] step: Option<Step>,
) {
    let store = account();
    let cx = Cx {
        store: &store,
        now: NOW,
    };
    let mut links = find(view).unwrap().links().iter();
    let link = links.find(|link| link.key == key).unwrap();
    assert_eq!((link.to)(&subject(resource), &Scope::account(), &cx), step);
}
