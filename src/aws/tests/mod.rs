//! The module against a loopback endpoint: what is asked, how often, and what becomes of the answers.

mod act;
mod counts;
mod ecr;
mod faults;
mod gate;
mod logs;
mod metrics;
mod regions;
mod shapes;

use serde_json::{Value, json};

use super::fake::{Answer, Fake, Reply, fetch, settings};
use crate::model::{Arn, Entity, Fault, FaultKind, Query, TaskFilter};

const CLUSTER: &str = "arn:aws:ecs:eu-west-1:123456789012:cluster/web";

fn cluster() -> Arn {
    Arn::new(CLUSTER)
}

fn services_query() -> Query {
    Query::Services { cluster: cluster() }
}

fn tasks_query(stopped: bool) -> Query {
    Query::Tasks {
        cluster: cluster(),
        filter: TaskFilter::All,
        stopped,
    }
}

fn named(kind: &str, number: usize) -> String {
    format!("arn:aws:ecs:eu-west-1:123456789012:{kind}/web/{number:04}")
}

/// An account with one cluster that holds `size` of each kind of thing and lists them `page` at a time.
fn account(size: usize, page: usize) -> impl Fn(&str, &Value) -> Reply {
    move |operation, input| {
        let (listing, kind, arns) = match operation {
            "ListServices" | "DescribeServices" => ("services", "service", "serviceArns"),
            "ListTasks" | "DescribeTasks" => ("tasks", "task", "taskArns"),
            "ListContainerInstances" | "DescribeContainerInstances" => (
                "containerInstances",
                "container-instance",
                "containerInstanceArns",
            ),
            _ => return Reply::error(400, "UnknownOperationException", operation),
        };
        if operation.starts_with("List") {
            assert_eq!(input["maxResults"], 100);
            let start = input["nextToken"]
                .as_str()
                .map_or(0, |token| token.parse().unwrap());
            let end = (start + page).min(size);
            let ids: Vec<_> = (start..end).map(|number| named(kind, number)).collect();
            let mut body = json!({ arns: ids });
            if end < size {
                body["nextToken"] = json!(end.to_string());
            }
            return Reply::ok(&body);
        }
        let most = if kind == "service" { 10 } else { 100 };
        let ids = input[listing].as_array().unwrap();
        assert!(!ids.is_empty() && ids.len() <= most);
        let field = format!("{}Arn", listing.trim_end_matches('s'));
        let things: Vec<_> = ids.iter().rev().map(|id| json!({ &field: id })).collect();
        Reply::ok(&json!({ listing: things, "failures": [] }))
    }
}
