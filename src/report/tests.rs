//! What is listed of a simulated account, against what the tables of fields and columns say.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use rstest::rstest;
use serde_json::Value;

use super::{
    fields::{CLUSTER, CONTAINER, EVENT, Field, IMAGE, SERVICE, TASK},
    *,
};
use crate::{
    aws::{Settings, StaticKeys},
    model::{Secret, Timestamp},
    sandbox::{self, Options, Sandbox},
};

async fn account() -> (Sandbox, Clients) {
    let options = Options {
        seed: 7,
        frozen: true,
        ..Options::default()
    };
    let sandbox = sandbox::start(options).await.unwrap();
    let settings = Settings {
        region: Some(sandbox.region().to_owned()),
        endpoint_url: Some(sandbox.url()),
        credentials: Some(StaticKeys {
            access_key_id: "test".to_owned(),
            secret_access_key: Secret::new("test"),
            session_token: None,
        }),
        ..Settings::default()
    };
    let clients = Clients::connect(settings).await.unwrap();
    (sandbox, clients.into_readonly())
}

fn request(kind: Kind, format: Format) -> Request {
    Request {
        kind,
        names: Vec::new(),
        cluster: None,
        service: None,
        repository: None,
        stopped: false,
        unhealthy: false,
        filter: None,
        sort: None,
        format,
    }
}

fn now() -> Now {
    let wall = jiff::Timestamp::now().as_millisecond();
    Now {
        wall: Timestamp(wall),
        ..Now::default()
    }
}

fn hold<T>(fields: &[Field<T>], item: &Value) {
    let names: Vec<_> = item.as_object().unwrap().keys().collect();
    let declared: Vec<_> = fields.iter().map(|field| field.name).collect();
    assert_eq!(names, declared);
    for field in fields {
        let value = &item[field.name];
        assert!(field.shape.takes(value), "{}: {value}", field.name);
    }
}

#[tokio::test]
async fn every_item_has_the_fields_that_are_documented() {
    let (_sandbox, clients) = account().await;
    for kind in Kind::ALL {
        let answer = get(&clients, &request(kind, Format::Json), now).await;
        assert_eq!((answer.outcome, answer.notes), (Outcome::Found, Vec::new()));
        let answer: Value = serde_json::from_str(&answer.text).unwrap();
        let items = answer["items"].as_array().unwrap();
        assert!(!items.is_empty(), "{kind:?}");
        for item in items {
            match kind {
                Kind::Clusters => hold(CLUSTER, item),
                Kind::Services => hold(SERVICE, item),
                Kind::Tasks => hold(TASK, item),
                Kind::Containers => hold(CONTAINER, item),
                Kind::Images => hold(IMAGE, item),
                Kind::Events => hold(EVENT, item),
            }
        }
    }
}

#[test]
fn every_field_is_on_the_page_once_for_its_kind() {
    let page = fields();
    let names = CONTAINER.iter().map(|field| field.name);
    let (_, containers) = page.split_once("\n## containers\n").unwrap();
    let (containers, _) = containers.split_once("\n## ").unwrap();
    for name in names {
        assert_eq!(
            containers.matches(&format!("| `{name}` |")).count(),
            1,
            "{name}"
        );
    }
}

#[rstest]
#[case("age", false)]
#[case("-AGE", true)]
#[case("last-event", false)]
#[case("-Last_Event", true)]
fn columns_are_named_as_they_are_titled(#[case] text: &str, #[case] descending: bool) {
    let sort = Kind::Services.sort(text).unwrap();
    assert_eq!(sort.descending, descending);
    let title = resource::find("services").unwrap().heads()[sort.column].title;
    let plain = text.trim_start_matches('-').to_uppercase();
    assert_eq!(title, plain.replace(['-', '_'], " "));
}

#[test]
fn what_is_used_now_is_no_column() {
    for kind in Kind::ALL {
        let columns = kind.columns();
        assert!(!columns.is_empty());
        for live in ["cpu%res", "mem", "oom", "drift", "source"] {
            assert!(!columns.iter().any(|column| column == live), "{kind:?}");
        }
    }
    let why = Kind::Tasks.sort("cpu%res").unwrap_err();
    assert!(why.contains("group, status"), "{why}");
}

#[tokio::test]
async fn a_table_takes_no_more_than_the_width_that_there_is() {
    let (_sandbox, clients) = account().await;
    for width in [80, 120, 300] {
        for kind in Kind::ALL {
            let format = Format::Table {
                width: Some(width),
                ascii: true,
            };
            let answer = get(&clients, &request(kind, format), now).await;
            let widest = answer.text.lines().map(|line| line.chars().count()).max();
            assert!(
                widest.unwrap() <= usize::from(width),
                "{kind:?}\n{}",
                answer.text
            );
        }
    }
}
