//! AWS's page sizes and item limits, and the cutting of a whole list into pages. No networking.

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};

use super::fault::Fault;

/// A list operation: the member that holds the list, the page size asked for by nobody, the largest
/// one, the member that asks for it, and the members that turn paging off because they name the
/// items.
pub struct Paged {
    pub list: &'static str,
    default: usize,
    max: usize,
    size: &'static str,
    named_by: &'static [&'static str],
}

const fn paged(list: &'static str, default: usize, max: usize) -> Paged {
    Paged {
        list,
        default,
        max,
        size: "maxResults",
        named_by: &[],
    }
}

const fn unless(mut paged: Paged, named_by: &'static [&'static str]) -> Paged {
    paged.named_by = named_by;
    paged
}

const fn sized_by(mut paged: Paged, size: &'static str) -> Paged {
    paged.size = size;
    paged
}

/// Sources: the ECS, ECR and CloudWatch Logs API references, `maxResults` and `limit` of each
/// operation.
const PAGED: &[(&str, Paged)] = &[
    (
        "DescribeCapacityProviders",
        unless(paged("capacityProviders", 10, 10), &["capacityProviders"]),
    ),
    ("ListAttributes", paged("attributes", 100, 100)),
    ("ListClusters", paged("clusterArns", 100, 100)),
    (
        "ListContainerInstances",
        paged("containerInstanceArns", 100, 100),
    ),
    (
        "ListServiceDeployments",
        paged("serviceDeployments", 20, 100),
    ),
    ("ListServices", paged("serviceArns", 10, 100)),
    ("ListServicesByNamespace", paged("serviceArns", 10, 100)),
    ("ListTaskDefinitionFamilies", paged("families", 100, 100)),
    ("ListTaskDefinitions", paged("taskDefinitionArns", 100, 100)),
    ("ListTasks", paged("taskArns", 100, 100)),
    (
        "DescribeImages",
        unless(paged("imageDetails", 100, 1000), &["imageIds"]),
    ),
    (
        "DescribeRepositories",
        unless(paged("repositories", 100, 1000), &["repositoryNames"]),
    ),
    ("ListImages", paged("imageIds", 100, 1000)),
    (
        "DescribeLogGroups",
        sized_by(paged("logGroups", 50, 50), "limit"),
    ),
    (
        "DescribeLogStreams",
        sized_by(paged("logStreams", 50, 50), "limit"),
    ),
];

/// Operations that take a list: its member, the most it may hold, and whether it must hold
/// anything. Source: the ECS API reference.
const ITEMS: &[(&str, &str, usize, bool)] = &[
    ("DescribeCapacityProviders", "capacityProviders", 100, false),
    ("DescribeClusters", "clusters", 100, false),
    (
        "DescribeContainerInstances",
        "containerInstances",
        100,
        true,
    ),
    (
        "DescribeServiceDeployments",
        "serviceDeploymentArns",
        20,
        true,
    ),
    ("DescribeServiceRevisions", "serviceRevisionArns", 20, true),
    ("DescribeServices", "services", 10, true),
    ("DescribeTasks", "tasks", 100, true),
    ("GetTaskProtection", "tasks", 100, false),
];

fn invalid(message: String) -> Fault {
    Fault::Error {
        status: 400,
        code: "InvalidParameterException".to_owned(),
        message,
    }
}

/// Refuses a request that names more items than AWS takes, or none where AWS wants some.
pub fn check_items(operation: &str, request: &Map<String, Value>) -> Result<(), Fault> {
    let Some((_, member, max, needed)) = ITEMS.iter().find(|(name, ..)| *name == operation) else {
        return Ok(());
    };
    let count = request
        .get(*member)
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    let (first, rest) = member.split_at(1);
    let title = first.to_uppercase() + rest;
    if count > *max {
        return Err(invalid(format!("{title} cannot be longer than {max}.")));
    }
    if *needed && count == 0 {
        return Err(invalid(format!("{title} cannot be empty.")));
    }
    Ok(())
}

/// How AWS pages this request, if it does.
pub fn paging(operation: &str, request: &Map<String, Value>) -> Option<&'static Paged> {
    let (_, paged) = PAGED.iter().find(|(name, _)| *name == operation)?;
    let named = paged
        .named_by
        .iter()
        .any(|member| request.contains_key(*member));
    (!named).then_some(paged)
}

/// The part of a list that a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    start: usize,
    size: usize,
    /// What the request was about; a token is good for that alone.
    subject: u64,
}

impl Paged {
    /// Takes page size and token out of a request, which then asks for the whole list.
    pub fn take_page(
        &self,
        operation: &str,
        request: &mut Map<String, Value>,
    ) -> Result<Page, Fault> {
        let size = match request.shift_remove(self.size) {
            None | Some(Value::Null) => self.default,
            Some(size) => size
                .as_u64()
                .and_then(|size| usize::try_from(size).ok())
                .filter(|size| (1..=self.max).contains(size))
                .ok_or_else(|| {
                    invalid(format!("{} must be between 1 and {}.", self.size, self.max))
                })?,
        };
        let token = request.shift_remove("nextToken");
        let subject = subject(operation, request);
        let start = match token {
            None | Some(Value::Null) => 0,
            Some(token) => {
                read_token(&token, subject).ok_or_else(|| invalid("Invalid token".to_owned()))?
            }
        };
        Ok(Page {
            start,
            size,
            subject,
        })
    }

    /// Leaves of an answer that holds the whole list the part that was asked for, and the token to
    /// the next part.
    pub fn cut(&self, page: &Page, answer: &mut Map<String, Value>, mut whole: Vec<Value>) {
        let end = page.start.saturating_add(page.size).min(whole.len());
        if end < whole.len() {
            let token = BASE64.encode(format!("{:016x}:{end}", page.subject));
            answer.insert("nextToken".to_owned(), token.into());
        } else {
            answer.shift_remove("nextToken");
        }
        whole.truncate(end);
        whole.drain(..page.start.min(end));
        answer.insert(self.list.to_owned(), whole.into());
    }
}

fn subject(operation: &str, request: &Map<String, Value>) -> u64 {
    let mut hasher = DefaultHasher::new();
    operation.hash(&mut hasher);
    let mut members: Vec<_> = request
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    members.sort_unstable();
    members.hash(&mut hasher);
    hasher.finish()
}

fn read_token(token: &Value, subject: u64) -> Option<usize> {
    let text = String::from_utf8(BASE64.decode(token.as_str()?).ok()?).ok()?;
    let (about, start) = text.split_once(':')?;
    (u64::from_str_radix(about, 16).ok()? == subject).then(|| start.parse().ok())?
}
