//! The proxy in front of an upstream of a few lines, driven by the SDK as the program drives it.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::operation::list_services::{ListServicesError, ListServicesOutput};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

use super::limits;
use super::throttle::Throttle;
use super::{ANY, Fault, Proxy};
use crate::servers::ecs;

/// How many services the upstream has, and how many of them it tells at once: unlike AWS, whatever
/// it is asked.
const SERVICES: usize = 23;
const OWN_PAGE: usize = 9;

/// A server that pages in its own way and knows no limits, as the stand-ins.
struct Upstream {
    url: String,
    _connections: JoinSet<()>,
}

impl Upstream {
    async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.spawn(
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(reply)),
                );
            }
        });
        Self {
            url,
            _connections: connections,
        }
    }
}

async fn reply(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let target = request
        .headers()
        .get("x-amz-target")
        .map(|target| target.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = match target
        .as_deref()
        .and_then(|target| target.rsplit('.').next())
    {
        Some("ListServices") => {
            let start: usize = body["nextToken"]
                .as_str()
                .map_or(0, |token| token.parse().unwrap());
            let end = (start + OWN_PAGE).min(SERVICES);
            let arns: Vec<_> = (start..end).map(arn).collect();
            match end {
                SERVICES => json!({"serviceArns": arns}),
                _ => json!({"serviceArns": arns, "nextToken": end.to_string()}),
            }
        }
        Some("DescribeServices") => {
            let names = body["services"].as_array().unwrap();
            let services: Vec<_> = names
                .iter()
                .map(|name| json!({"serviceName": name}))
                .collect();
            json!({"services": services})
        }
        Some("ListClusters") => json!({"clusterArns": []}),
        _ => json!({}),
    };
    let response = Response::builder().header(CONTENT_TYPE, "application/x-amz-json-1.1");
    Ok(response.body(Full::from(answer.to_string())).unwrap())
}

fn arn(number: usize) -> String {
    format!("arn:aws:ecs:us-east-1:123456789012:service/prod/service-{number}")
}

async fn started() -> (Upstream, Proxy, aws_sdk_ecs::Client) {
    let upstream = Upstream::start().await;
    let proxy = Proxy::start(&upstream.url).await;
    let ecs = ecs(&proxy.url()).await;
    (upstream, proxy, ecs)
}

type Listed = Result<ListServicesOutput, SdkError<ListServicesError>>;

async fn list(ecs: &aws_sdk_ecs::Client) -> Listed {
    ecs.list_services().cluster("prod").send().await
}

#[rstest]
#[case::by_default(None, &[10, 10, 3])]
#[case::as_asked(Some(7), &[7, 7, 7, 2])]
#[case::exactly(Some(23), &[23])]
#[case::largest(Some(100), &[23])]
#[tokio::test]
async fn a_list_comes_in_pages_of_the_size_asked_for(
    #[case] size: Option<i32>,
    #[case] sizes: &[usize],
) {
    let (_upstream, proxy, ecs) = started().await;
    let mut found = Vec::new();
    let mut seen = Vec::new();
    let mut token = None;
    loop {
        let request = ecs.list_services().cluster("prod").set_max_results(size);
        let page = request.set_next_token(token).send().await.unwrap();
        seen.push(page.service_arns().len());
        found.extend(page.service_arns().to_vec());
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, sizes);
    assert_eq!(found, (0..SERVICES).map(arn).collect::<Vec<_>>());
    assert_eq!(proxy.calls()["ListServices"], sizes.len() as u64);
}

#[tokio::test]
async fn a_page_size_out_of_range_is_refused() {
    let (_upstream, _proxy, ecs) = started().await;
    for size in [0, 101] {
        let error = ecs
            .list_services()
            .max_results(size)
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.code(), Some("InvalidParameterException"), "{size}");
    }
}

#[tokio::test]
async fn a_token_is_good_for_its_own_request_alone() {
    let (_upstream, _proxy, ecs) = started().await;
    let first = ecs.list_services().cluster("prod").send().await.unwrap();
    let token = first.next_token().unwrap();
    let other = ecs
        .list_services()
        .cluster("staging")
        .next_token(token)
        .send()
        .await
        .unwrap_err();
    assert_eq!(other.code(), Some("InvalidParameterException"));
    let made_up = ecs
        .list_services()
        .cluster("prod")
        .next_token("10")
        .send()
        .await
        .unwrap_err();
    assert_eq!(made_up.code(), Some("InvalidParameterException"));
    let same = ecs
        .list_services()
        .cluster("prod")
        .next_token(token)
        .send()
        .await
        .unwrap();
    assert_eq!(same.service_arns()[0], arn(10));
}

#[tokio::test]
async fn more_items_than_aws_takes_are_refused() {
    let (_upstream, _proxy, ecs) = started().await;
    let describe = |count: usize| {
        let names = (0..count)
            .map(|number| format!("service-{number}"))
            .collect();
        ecs.describe_services()
            .cluster("prod")
            .set_services(Some(names))
            .send()
    };
    assert_eq!(describe(10).await.unwrap().services().len(), 10);
    let error = describe(11).await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidParameterException"));
    assert_eq!(error.message(), Some("Services cannot be longer than 10."));
    let error = describe(0).await.unwrap_err();
    assert_eq!(error.message(), Some("Services cannot be empty."));
}

#[rstest]
#[case("DescribeTasks", "tasks", 100)]
#[case("DescribeClusters", "clusters", 100)]
#[case("DescribeContainerInstances", "containerInstances", 100)]
#[case("DescribeServiceRevisions", "serviceRevisionArns", 20)]
fn each_operation_has_its_own_item_limit(
    #[case] operation: &str,
    #[case] member: &str,
    #[case] max: usize,
) {
    let request = |count: usize| Map::from_iter([(member.to_owned(), json!(vec!["x"; count]))]);
    assert_eq!(limits::check_items(operation, &request(max)), Ok(()));
    assert!(limits::check_items(operation, &request(max + 1)).is_err());
}

#[test]
fn items_that_are_named_are_not_paged() {
    let named = Map::from_iter([("imageIds".to_owned(), json!([{"imageTag": "v1"}]))]);
    assert!(limits::paging("DescribeImages", &named).is_none());
    assert!(limits::paging("DescribeImages", &Map::new()).is_some());
    assert!(limits::paging("DescribeTasks", &Map::new()).is_none());
}

proptest! {
    #[test]
    fn pages_put_together_are_the_whole_list(count in 0_u32..250, size in 1_u32..=100) {
        let whole: Vec<Value> = (0..count).map(Value::from).collect();
        let paged = limits::paging("ListTasks", &Map::new()).unwrap();
        let mut found = Vec::new();
        let mut token = Value::Null;
        loop {
            let mut request = Map::from_iter([("maxResults".to_owned(), size.into()), ("nextToken".to_owned(), token)]);
            let page = paged.take_page("ListTasks", &mut request).unwrap();
            prop_assert!(request.is_empty());
            let mut answer = Map::new();
            paged.cut(&page, &mut answer, whole.clone());
            let items = answer["taskArns"].as_array().unwrap();
            prop_assert!(items.len() <= size as usize);
            found.extend(items.clone());
            match answer.remove("nextToken") {
                Some(next) => token = next,
                None => break,
            }
        }
        prop_assert_eq!(found, whole);
    }
}

#[tokio::test]
async fn calls_are_counted_by_operation() {
    let (_upstream, proxy, ecs) = started().await;
    assert!(proxy.calls().is_empty());
    list(&ecs).await.unwrap();
    list(&ecs).await.unwrap();
    ecs.list_clusters().send().await.unwrap();
    let counted = [
        ("ListClusters".to_owned(), 1),
        ("ListServices".to_owned(), 2),
    ];
    assert_eq!(proxy.calls(), counted.into());
    proxy.reset_calls();
    assert!(proxy.calls().is_empty());
}

#[tokio::test]
async fn a_fault_strikes_its_operation_until_healed() {
    let (_upstream, proxy, ecs) = started().await;
    proxy.fail(
        "ListServices",
        Fault::error(500, "ServerException", "out of order"),
    );
    for _ in 0..2 {
        let error = list(&ecs).await.unwrap_err();
        assert_eq!(error.code(), Some("ServerException"));
        assert_eq!(error.message(), Some("out of order"));
        assert_eq!(error.raw_response().unwrap().status().as_u16(), 500);
    }
    ecs.list_clusters().send().await.unwrap();
    proxy.heal();
    list(&ecs).await.unwrap();
    assert_eq!(proxy.calls()["ListServices"], 3);
}

#[tokio::test]
async fn a_fault_strikes_the_next_calls_only() {
    let (_upstream, proxy, ecs) = started().await;
    proxy.fail_next(ANY, 2, Fault::throttling());
    assert_eq!(
        list(&ecs).await.unwrap_err().code(),
        Some("ThrottlingException")
    );
    let error = ecs.list_clusters().send().await.unwrap_err();
    assert_eq!(error.message(), Some("Rate exceeded"));
    list(&ecs).await.unwrap();
}

#[tokio::test]
async fn the_same_seed_fails_the_same_calls() {
    let (_upstream, proxy, ecs) = started().await;
    let mut runs = Vec::new();
    for _ in 0..2 {
        proxy.heal();
        proxy.fail_sometimes("ListServices", 0.5, 7, Fault::throttling());
        let mut failed = Vec::new();
        for _ in 0..32 {
            failed.push(list(&ecs).await.is_err());
        }
        runs.push(failed);
    }
    assert_eq!(runs[0], runs[1]);
    assert!(runs[0].contains(&true) && runs[0].contains(&false));
    let failed = runs.iter().flatten().filter(|failed| **failed).count();
    assert_eq!(proxy.struck(), failed as u64);
}

#[tokio::test]
async fn a_key_that_ended_is_refused_whatever_is_healed() {
    let (_upstream, proxy, ecs) = started().await;
    proxy.expire("another");
    list(&ecs).await.unwrap();
    proxy.expire("test");
    for _ in 0..2 {
        let error = list(&ecs).await.unwrap_err();
        assert_eq!(error.code(), Some("ExpiredTokenException"));
        proxy.heal();
    }
}

#[tokio::test]
async fn a_denial_names_the_action() {
    let (_upstream, proxy, ecs) = started().await;
    proxy.fail("ListServices", Fault::Denied);
    let error = list(&ecs).await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    let message = error.message().unwrap();
    assert!(
        message.contains("is not authorized to perform: ecs:ListServices on resource"),
        "{message}"
    );
}

#[tokio::test]
async fn a_denial_of_the_query_protocol_is_xml() {
    let (_upstream, proxy, _ecs) = started().await;
    proxy.fail("GetCallerIdentity", Fault::Denied);
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(aws_credential_types::Credentials::new(
            "test", "test", None, None, "tests",
        ))
        .region(aws_config::Region::new("us-east-1"))
        .endpoint_url(proxy.url())
        .build();
    let sts = aws_sdk_sts::Client::from_conf(config);
    let error = sts.get_caller_identity().send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDenied"));
    assert!(error.message().unwrap().contains("sts:GetCallerIdentity"));
}

/// Makes the same call ten times while the first one stays unanswered.
async fn overtake(ecs: &aws_sdk_ecs::Client, first: &JoinHandle<Listed>) {
    for _ in 0..10 {
        list(ecs).await.unwrap();
        assert!(!first.is_finished());
    }
}

#[tokio::test]
async fn a_hanging_call_goes_on_when_healed() {
    let (_upstream, proxy, ecs) = started().await;
    proxy.fail_next("ListServices", 1, Fault::Hang);
    let hanging = tokio::spawn({
        let ecs = ecs.clone();
        async move { list(&ecs).await }
    });
    proxy
        .until_calls(|calls| calls.contains_key("ListServices"))
        .await;
    overtake(&ecs, &hanging).await;
    proxy.heal();
    assert_eq!(hanging.await.unwrap().unwrap().service_arns().len(), 10);
}

#[tokio::test]
async fn a_delayed_call_is_overtaken() {
    let (_upstream, proxy, ecs) = started().await;
    proxy.delay(Duration::from_hours(1));
    let slow = tokio::spawn({
        let ecs = ecs.clone();
        async move { list(&ecs).await }
    });
    proxy
        .until_calls(|calls| calls.contains_key("ListServices"))
        .await;
    proxy.delay(Duration::ZERO);
    overtake(&ecs, &slow).await;
    slow.abort();
}

#[tokio::test]
async fn a_reset_connection_is_no_answer() {
    let (_upstream, proxy, ecs) = started().await;
    proxy.fail_next("ListServices", 1, Fault::Reset);
    let error = list(&ecs).await.unwrap_err();
    assert!(matches!(error, SdkError::DispatchFailure(_)), "{error:?}");
    assert!(
        format!("{error:?}").contains("ConnectionReset"),
        "{error:?}"
    );
    list(&ecs).await.unwrap();
}

#[tokio::test]
async fn a_truncated_answer_cannot_be_read() {
    let (_upstream, proxy, ecs) = started().await;
    proxy.fail_next("ListServices", 1, Fault::Truncated);
    let error = list(&ecs).await.unwrap_err();
    assert!(matches!(error, SdkError::ResponseError(_)), "{error:?}");
    list(&ecs).await.unwrap();
}

#[tokio::test]
async fn a_page_of_html_is_not_understood() {
    let (_upstream, proxy, ecs) = started().await;
    proxy.fail_next("ListServices", 1, Fault::NotJson);
    let error = list(&ecs).await.unwrap_err();
    assert!(matches!(error, SdkError::ResponseError(_)), "{error:?}");
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 200);
}

#[tokio::test]
async fn an_outage_refuses_connections_until_it_ends() {
    let (_upstream, proxy, ecs) = started().await;
    let url = proxy.url();
    list(&ecs).await.unwrap();
    proxy.cut().await;
    proxy.cut().await;
    let error = list(&ecs).await.unwrap_err();
    assert!(
        format!("{error:?}").contains("ConnectionRefused"),
        "{error:?}"
    );
    proxy.restore().await;
    proxy.restore().await;
    assert_eq!(proxy.url(), url);
    list(&ecs).await.unwrap();
}

#[tokio::test]
async fn an_upstream_that_is_gone_is_a_bad_gateway() {
    let (upstream, proxy, ecs) = started().await;
    let Upstream {
        _connections: mut listening,
        ..
    } = upstream;
    listening.shutdown().await;
    let error = list(&ecs).await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 502);
    assert_eq!(proxy.calls()["ListServices"], 1);
}

#[tokio::test]
async fn calls_beyond_the_bucket_are_throttled() {
    let (_upstream, proxy, ecs) = started().await;
    proxy.throttle(0.0, 2.0);
    list(&ecs).await.unwrap();
    list(&ecs).await.unwrap();
    assert_eq!(
        list(&ecs).await.unwrap_err().code(),
        Some("ThrottlingException")
    );
    ecs.list_clusters().send().await.unwrap();
    assert_eq!(proxy.throttled(), 1);

    proxy.throttle_operation("ListServices", 0.0, 1.0);
    list(&ecs).await.unwrap();
    assert!(list(&ecs).await.is_err());
    assert_eq!(proxy.throttled(), 2);

    proxy.unthrottle();
    list(&ecs).await.unwrap();
    proxy.throttle_as_ecs();
    list(&ecs).await.unwrap();
}

#[test]
fn a_bucket_refills_with_time_up_to_its_burst() {
    let start = Instant::now();
    let mut throttle = Throttle::default();
    throttle.all(20.0, 2.0);
    let admitted = |throttle: &mut Throttle, seconds: f64| {
        let now = start + Duration::from_secs_f64(seconds);
        (0..10).filter(|_| throttle.admit("ListTasks", now)).count()
    };
    assert_eq!(admitted(&mut throttle, 0.0), 2);
    assert_eq!(admitted(&mut throttle, 0.06), 1);
    assert_eq!(admitted(&mut throttle, 60.0), 2);
    assert_eq!(throttle.refused(), 25);
}

#[test]
fn operations_of_a_quota_group_share_a_bucket() {
    let now = Instant::now();
    let mut throttle = Throttle::default();
    throttle.as_ecs();
    let reads = (0..200).filter(|number| {
        let operation = if number % 2 == 0 {
            "ListServices"
        } else {
            "DescribeServices"
        };
        throttle.admit(operation, now)
    });
    assert_eq!(reads.count(), 100);
    assert!(throttle.admit("ListTasks", now));
    assert!(throttle.admit("GetCallerIdentity", now));
}
