//! How many operations a query sends, and that it brings everything in the list's order.

use rstest::rstest;

use super::*;
use crate::model::Part;

fn expected(kind: &str, size: usize) -> Vec<String> {
    (0..size).map(|number| named(kind, number)).collect()
}

#[rstest]
#[case(0, 1, 0)]
#[case(1, 1, 1)]
#[case(10, 1, 1)]
#[case(11, 1, 2)]
#[case(100, 1, 10)]
#[case(101, 2, 11)]
#[case(250, 3, 25)]
#[tokio::test]
async fn services_take_as_few_calls_as_their_number_allows(
    #[case] size: usize,
    #[case] lists: usize,
    #[case] describes: usize,
) {
    let mut fake = Fake::start(account(size, 100)).await;
    let answer = fake.fetch(&services_query()).await;
    let (items, calls) = answer.done();
    assert_eq!(items, expected("service", size));
    assert_eq!(calls as usize, lists + describes);
    assert_eq!(answer.entities().len(), size);
    for (_, items) in &answer.parts {
        assert!(items.is_sorted(), "a part keeps the order of the list");
    }
    let mut counts = vec![("ListServices".to_owned(), lists)];
    if describes > 0 {
        counts.insert(0, ("DescribeServices".to_owned(), describes));
    }
    assert_eq!(fake.counts(), counts);
}

#[rstest]
#[case(0, 1, 0)]
#[case(1, 1, 1)]
#[case(100, 1, 1)]
#[case(101, 2, 2)]
#[case(250, 3, 3)]
#[tokio::test]
async fn tasks_and_instances_are_described_by_the_hundred(
    #[case] size: usize,
    #[case] lists: usize,
    #[case] describes: usize,
    #[values(true, false)] tasks: bool,
) {
    let fake = Fake::start(account(size, 100)).await;
    let (query, kind) = if tasks {
        (tasks_query(false), "task")
    } else {
        let cluster = cluster();
        (Query::Instances { cluster }, "container-instance")
    };
    let answer = fake.fetch(&query).await;
    let (items, calls) = answer.done();
    assert_eq!(items, expected(kind, size));
    assert_eq!(calls as usize, lists + describes);
}

/// An account with one cluster that has so many running and stopped tasks.
fn pools(running: usize, stopped: usize) -> impl Fn(&str, &Value) -> Reply {
    move |operation, input| {
        if operation == "DescribeTasks" {
            return account(running + stopped, 100)(operation, input);
        }
        let (start, size) = match input["desiredStatus"].as_str() {
            Some("STOPPED") => (running, stopped),
            _ => (0, running),
        };
        let from = input["nextToken"]
            .as_str()
            .map_or(0, |token| token.parse().unwrap());
        let to = (from + 100).min(size);
        let ids: Vec<_> = (from..to)
            .map(|number| named("task", start + number))
            .collect();
        let mut body = json!({ "taskArns": ids });
        if to < size {
            body["nextToken"] = json!(to.to_string());
        }
        Reply::ok(&body)
    }
}

#[rstest]
#[case(0, 0, 2, 0)]
#[case(60, 40, 2, 1)]
#[case(60, 41, 2, 2)]
#[case(150, 30, 3, 2)]
#[case(0, 7, 2, 1)]
#[case(250, 250, 6, 5)]
#[tokio::test]
async fn running_and_stopped_tasks_are_described_out_of_one_pool(
    #[case] running: usize,
    #[case] stopped: usize,
    #[case] lists: usize,
    #[case] describes: usize,
) {
    let mut fake = Fake::start(pools(running, stopped)).await;
    let clients = fake.clients().await;
    let (one, mut first) = tokio::sync::mpsc::channel(64);
    let (other, mut second) = tokio::sync::mpsc::channel(64);
    let urgency = crate::aws::Urgency::Background;
    clients.fetch_tasks(&cluster(), urgency, one, other).await;
    let mut ends = Vec::new();
    let mut sum = 0;
    for parts in [&mut first, &mut second] {
        let mut described = 0;
        while let Some(part) = parts.recv().await {
            match part {
                Part::Some { entities, .. } => described += entities.len(),
                Part::Done { items, calls } => {
                    assert_eq!(described, items.len());
                    let items: Vec<_> = items.iter().map(|arn| arn.as_str().to_owned()).collect();
                    ends.push(items);
                    sum += calls as usize;
                }
                Part::Failed { fault, .. } => panic!("{fault:?}"),
            }
        }
    }
    let all = expected("task", running + stopped);
    assert_eq!(ends, [all[..running].to_vec(), all[running..].to_vec()]);
    assert_eq!(sum, lists + describes);
    let asked: usize = fake.counts().iter().map(|(_, count)| count).sum();
    assert_eq!(asked, lists + describes);
}

#[tokio::test]
async fn running_tasks_are_whole_before_further_pages_of_stopped_ones_are_asked_for() {
    let mut fake = Fake::start(pools(250, 450)).await;
    let clients = fake.clients().await;
    let (one, mut first) = tokio::sync::mpsc::channel(64);
    let (other, _second) = tokio::sync::mpsc::channel(64);
    let urgency = crate::aws::Urgency::Background;
    clients.fetch_tasks(&cluster(), urgency, one, other).await;
    let heard = fake.heard();
    let lists = heard
        .iter()
        .filter(|(operation, _)| operation == "ListTasks");
    let further: Vec<_> = lists
        .filter(|(_, input)| !input["nextToken"].is_null())
        .map(|(_, input)| input["desiredStatus"].as_str().unwrap())
        .collect();
    assert_eq!(
        further,
        [
            "RUNNING", "RUNNING", "STOPPED", "STOPPED", "STOPPED", "STOPPED"
        ]
    );
    let mut calls = None;
    while let Some(part) = first.recv().await {
        if let Part::Done { calls: took, .. } = part {
            calls = Some(took);
        }
    }
    // Three pages of the list, and three batches with a running one in them.
    assert_eq!(calls, Some(6));
}

#[tokio::test]
async fn a_task_that_stops_between_the_lists_stands_in_both() {
    let mut fake = Fake::start(|operation, input| {
        let is_stopped = input["desiredStatus"] == "STOPPED";
        if operation != "ListTasks" || !is_stopped {
            return pools(100, 0)(operation, input);
        }
        let page = |numbers: std::ops::Range<usize>| -> Vec<_> {
            numbers.map(|number| named("task", number)).collect()
        };
        // Its second page is read after the running ones were described.
        Reply::ok(&match input["nextToken"].as_str() {
            None => json!({ "taskArns": page(200..201), "nextToken": "1" }),
            Some(_) => json!({ "taskArns": page(7..8) }),
        })
    })
    .await;
    let clients = fake.clients().await;
    let (one, _first) = tokio::sync::mpsc::channel(64);
    let (other, mut second) = tokio::sync::mpsc::channel(64);
    let urgency = crate::aws::Urgency::Background;
    clients.fetch_tasks(&cluster(), urgency, one, other).await;
    let mut last = None;
    while let Some(part) = second.recv().await {
        last = Some(part);
    }
    let Some(Part::Done { items, .. }) = last else {
        panic!("{last:?}");
    };
    let names: Vec<_> = items.iter().map(Arn::as_str).collect();
    assert_eq!(names, [named("task", 200), named("task", 7)]);
    let describes = fake.heard().into_iter();
    let describes = describes.filter(|(operation, _)| operation == "DescribeTasks");
    assert_eq!(describes.count(), 2);
}

#[tokio::test]
async fn a_fault_of_one_list_leaves_the_other_whole() {
    let fake = Fake::start(|operation, input| {
        if input["desiredStatus"] == "STOPPED" {
            return Reply::error(400, "AccessDeniedException", "no");
        }
        pools(3, 0)(operation, input)
    })
    .await;
    let (one, mut first) = tokio::sync::mpsc::channel(64);
    let (other, mut second) = tokio::sync::mpsc::channel(64);
    let urgency = crate::aws::Urgency::Background;
    let clients = fake.clients().await;
    clients.fetch_tasks(&cluster(), urgency, one, other).await;
    assert!(matches!(first.recv().await, Some(Part::Some { .. })));
    assert!(matches!(first.recv().await, Some(Part::Done { items, .. }) if items.len() == 3));
    assert!(matches!(second.recv().await, Some(Part::Failed { .. })));
}

#[tokio::test]
async fn short_pages_are_followed_to_the_end_without_more_describes() {
    let mut fake = Fake::start(account(25, 7)).await;
    let answer = fake.fetch(&services_query()).await;
    assert_eq!(answer.done().0, expected("service", 25));
    let counts = [("DescribeServices", 3), ("ListServices", 4)];
    assert_eq!(
        fake.counts(),
        counts.map(|(name, count)| (name.to_owned(), count))
    );
}

#[tokio::test]
async fn an_empty_page_with_a_token_is_not_the_end() {
    let fake = Fake::start(|operation, input| {
        if operation == "DescribeTasks" {
            return account(1, 100)(operation, input);
        }
        Reply::ok(&match input["nextToken"].as_str() {
            None => json!({ "taskArns": [], "nextToken": "more" }),
            Some(_) => json!({ "taskArns": [named("task", 0)] }),
        })
    })
    .await;
    let answer = fake.fetch(&tasks_query(false)).await;
    assert_eq!(answer.done().0, [named("task", 0)]);
}

#[tokio::test]
async fn a_token_that_comes_back_is_a_fault_and_not_a_loop() {
    let fake = Fake::start(|operation, input| {
        if operation == "DescribeTasks" {
            return account(1, 100)(operation, input);
        }
        Reply::ok(&json!({ "taskArns": [named("task", 0)], "nextToken": "again" }))
    })
    .await;
    let answer = fake.fetch(&tasks_query(false)).await;
    assert_eq!(answer.fault().kind, FaultKind::Server);
    assert_eq!(answer.entities().len(), 1);
}

#[tokio::test]
async fn families_are_listed_and_revisions_filtered_to_the_exact_family() {
    let mut fake = Fake::start(|operation, input| {
        if operation == "ListTaskDefinitionFamilies" {
            assert_eq!(input["status"], "ACTIVE");
            return Reply::ok(&match input["nextToken"].as_str() {
                None => json!({ "families": ["web"], "nextToken": "1" }),
                Some(_) => json!({ "families": ["web-api"] }),
            });
        }
        assert_eq!(input["sort"], "DESC");
        assert_eq!(input["familyPrefix"], "web");
        let arn = |name: &str| format!("arn:aws:ecs:eu-west-1:1:task-definition/{name}");
        Reply::ok(&json!({ "taskDefinitionArns": [arn("web-api:9"), arn("web:1"), arn("web:12"), arn("web:2")] }))
    })
    .await;
    let families = fake.fetch(&Query::Families(None)).await;
    let (items, calls) = families.done();
    let families_of =
        |names: [&str; 2]| names.map(|name| Arn::of_family("eu-west-1", name).to_string());
    assert_eq!(
        (items, calls),
        (
            families_of(["web", "web-api"])
                .iter()
                .map(String::as_str)
                .collect(),
            2
        )
    );
    assert_eq!(families.parts.len(), 2);
    let family = Arn::of_family("eu-west-1", "web");
    let revisions = fake.fetch(&Query::Revisions { family }).await;
    let (items, calls) = revisions.done();
    let numbers: Vec<_> = items
        .iter()
        .filter_map(|arn| Arn::new(arn).revision())
        .collect();
    assert_eq!((numbers, calls), (vec![12, 2, 1], 1));
    assert!(revisions.entities().is_empty());
    assert_eq!(fake.counts().len(), 2);
}

#[tokio::test]
async fn filters_and_the_stopped_state_are_asked_of_the_list() {
    let instance = Arn::new(&named("container-instance", 1));
    let filters = [
        (TaskFilter::Service("api".to_owned()), "serviceName", "api"),
        (TaskFilter::Family("web".to_owned()), "family", "web"),
        (
            TaskFilter::Instance(instance.clone()),
            "containerInstance",
            instance.as_str(),
        ),
    ];
    for (filter, field, value) in filters {
        for (stopped, status) in [(false, "RUNNING"), (true, "STOPPED")] {
            let mut fake = Fake::start(account(0, 100)).await;
            let query = Query::Tasks {
                cluster: cluster(),
                filter: filter.clone(),
                stopped,
            };
            fake.fetch(&query).await.done();
            let (_, input) = fake.asked.recv().await.unwrap();
            assert_eq!(input[field], value);
            assert_eq!(input["desiredStatus"], status);
            assert_eq!(input["cluster"], CLUSTER);
        }
    }
}

#[tokio::test]
async fn one_thing_takes_one_call() {
    let fake = Fake::start(account(1, 100)).await;
    let (service, task) = (named("service", 7), named("task", 7));
    let query = Query::Service {
        cluster: cluster(),
        service: Arn::new(&service),
    };
    assert_eq!(fake.fetch(&query).await.done(), (vec![&*service], 1));
    let query = Query::Task {
        cluster: cluster(),
        task: Arn::new(&task),
    };
    assert_eq!(fake.fetch(&query).await.done(), (vec![&*task], 1));
}

#[tokio::test]
async fn a_receiver_that_left_stops_the_fetch() {
    let mut fake = Fake::start(account(250, 100)).await;
    let clients = fake.clients().await;
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    drop(receiver);
    clients
        .fetch(&services_query(), crate::aws::Urgency::Visible, sender)
        .await;
    assert!(fake.counts().is_empty());
}

#[tokio::test]
async fn the_caller_is_an_entity_without_items() {
    let fake = Fake::start(|operation, _| {
        assert_eq!(operation, "GetCallerIdentity");
        let body = "<GetCallerIdentityResponse><GetCallerIdentityResult>\
             <Arn>arn:aws:iam::123456789012:user/ada</Arn><Account>123456789012</Account>\
             </GetCallerIdentityResult></GetCallerIdentityResponse>";
        Reply(200, body.to_owned())
    })
    .await;
    let answer = fake.fetch(&Query::Identity).await;
    assert_eq!(answer.done(), (vec![], 1));
    let [Entity::Identity(identity)] = answer.entities()[..] else {
        panic!("one identity");
    };
    assert_eq!(identity.account, "123456789012");
    assert_eq!(identity.principal, "arn:aws:iam::123456789012:user/ada");
}
