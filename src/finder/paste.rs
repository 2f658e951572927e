//! Whole ARNs and links of the AWS console, pasted where a name is looked for. Pure.

use crate::{
    model::{Arn, Region, Subject},
    store::Store,
};

/// What was pasted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pasted {
    /// A thing, known or not, that could be in the account and region that is looked at.
    Thing(Subject),
    /// Where a thing is that cannot be in them, as a sentence.
    Elsewhere(String),
}

/// The parts of a link that name a thing.
#[derive(Debug, Default, PartialEq, Eq)]
struct Link {
    partition: &'static str,
    region: String,
    /// The resource as an ARN has it.
    resource: String,
}

/// Reads an ARN of ECS or a link of its console; none if the text is neither.
#[must_use]
pub fn pasted(text: &str, store: &Store) -> Option<Pasted> {
    let text =
        text.trim_matches(|letter: char| letter.is_whitespace() || "\"'`,;()<>".contains(letter));
    let (account, regions) = around(store);
    let arn = if text.starts_with("arn:") {
        let arn = Arn::new(text);
        let is_of_ecs = text.split(':').nth(2) == Some("ecs");
        (is_of_ecs && KINDS.contains(&arn.kind()) && !arn.name().is_empty()).then_some(arn)?
    } else {
        let link = link(text)?;
        let owner = account.as_deref().unwrap_or_default();
        let Link {
            partition,
            region,
            resource,
        } = link;
        Arn::new(&format!("arn:{partition}:ecs:{region}:{owner}:{resource}"))
    };
    let is_near = regions.is_empty() || regions.contains(&arn.region());
    let is_own = account.as_deref().is_none_or(|own| own == arn.account());
    if !is_near || !is_own {
        let looked_at = match regions.as_slice() {
            [] => "an unknown region".to_owned(),
            names => names.join(" and "),
        };
        return Some(Pasted::Elsewhere(format!(
            "That is in {} of account {}; this session looks at {} of account {}.",
            arn.region(),
            arn.account(),
            looked_at,
            account.as_deref().unwrap_or("unknown"),
        )));
    }
    Some(Pasted::Thing(Subject::whole(&known_as(arn, store))))
}

const KINDS: [&str; 5] = [
    "cluster",
    "service",
    "task",
    "container-instance",
    "task-definition",
];

/// The account and the regions that the session looks at, as far as what it found tells.
fn around(store: &Store) -> (Option<String>, Vec<&str>) {
    let cluster = store.clusters().next();
    let several: Vec<_> = store.regions().iter().map(Region::as_str).collect();
    let one = cluster.filter(|_| several.is_empty());
    let account = store.identity().map(|identity| identity.account.clone());
    (
        account.or_else(|| cluster.map(|cluster| cluster.arn.account().to_owned())),
        one.map_or(several, |cluster| vec![cluster.arn.region()]),
    )
}

/// The ARN by which the store knows a service, which can be of the old form without the cluster.
fn known_as(arn: Arn, store: &Store) -> Arn {
    if arn.kind() != "service" || store.service(&arn).is_some() {
        return arn;
    }
    let cluster = store.cluster_of(&arn);
    let known = cluster.and_then(|cluster| store.service_named(&cluster, arn.name()));
    known.map_or(arn, |service| service.arn.clone())
}

/// The thing that a link of the console shows: `https://REGION.console.aws.amazon.com/ecs/v2/clusters/web/services/api/…`,
/// or the older `https://console.aws.amazon.com/ecs/home?region=REGION#/clusters/web/tasks/ID/details`.
fn link(text: &str) -> Option<Link> {
    let rest = text.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/')?;
    let partition = match host.rsplit_once("console.")?.1 {
        "aws.amazon.com" => "aws",
        "amazonaws.cn" => "aws-cn",
        "amazonaws-us-gov.com" => "aws-us-gov",
        _ => return None,
    };
    let asked = text
        .split(['?', '&', '#'])
        .find_map(|piece| piece.strip_prefix("region="));
    let region = match asked {
        Some(region) => region,
        None => host.split_once(".console.")?.0,
    };
    let path = path.strip_prefix("ecs/")?;
    let path = match path.split_once("#/") {
        Some((_, path)) => path,
        None => path.strip_prefix("v2/")?,
    };
    let path = path.split(['?', '#']).next()?;
    let steps: Vec<&str> = path.split('/').filter(|step| !step.is_empty()).collect();
    let resource = match steps.as_slice() {
        ["clusters", cluster, "services", service, ..] => format!("service/{cluster}/{service}"),
        ["clusters", cluster, "tasks", task, ..] if is_id(task) => format!("task/{cluster}/{task}"),
        [
            "clusters",
            cluster,
            "infrastructure",
            "container-instances",
            id,
            ..,
        ]
        | ["clusters", cluster, "containerInstances", id, ..] => {
            format!("container-instance/{cluster}/{id}")
        }
        ["clusters", cluster, ..] => format!("cluster/{cluster}"),
        ["task-definitions" | "taskDefinitions", family, revision, ..]
            if revision.parse::<u32>().is_ok() =>
        {
            format!("task-definition/{family}:{revision}")
        }
        _ => return None,
    };
    Some(Link {
        partition,
        region: region.to_owned(),
        resource,
    })
}

/// Whether a step of a link is the id of a task, and not the tab of its list.
fn is_id(step: &str) -> bool {
    step.len() >= 32
        && step
            .bytes()
            .all(|letter| letter.is_ascii_hexdigit() || letter == b'-')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const TASK: &str = "0123456789abcdef0123456789abcdef";

    #[rstest]
    #[case(
        "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/web/services/api/health?region=eu-west-1",
        "aws",
        "eu-west-1",
        "service/web/api"
    )]
    #[case(
        "https://console.aws.amazon.com/ecs/home?region=us-east-1#/clusters/web/services/api/details",
        "aws",
        "us-east-1",
        "service/web/api"
    )]
    #[case(
        "https://cn-north-1.console.amazonaws.cn/ecs/v2/clusters/web",
        "aws-cn",
        "cn-north-1",
        "cluster/web"
    )]
    #[case(
        "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/web/tasks?region=eu-west-1",
        "aws",
        "eu-west-1",
        "cluster/web"
    )]
    #[case(
        "https://eu-west-1.console.aws.amazon.com/ecs/v2/task-definitions/web/7/containers?region=eu-west-1",
        "aws",
        "eu-west-1",
        "task-definition/web:7"
    )]
    #[case(
        "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/web/infrastructure/container-instances/abc",
        "aws",
        "eu-west-1",
        "container-instance/web/abc"
    )]
    fn links_name_things(
        #[case] text: &str,
        #[case] partition: &'static str,
        #[case] region: &str,
        #[case] resource: &str,
    ) {
        let expected = Link {
            partition,
            region: region.to_owned(),
            resource: resource.to_owned(),
        };
        assert_eq!(link(text), Some(expected));
    }

    #[test]
    fn a_link_to_a_task_names_it() {
        let text = format!(
            "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/web/tasks/{TASK}/configuration?region=eu-west-1"
        );
        let found = link(&text).map(|link| link.resource);
        assert_eq!(found, Some(format!("task/web/{TASK}")));
    }

    #[rstest]
    #[case("https://example.com/ecs/v2/clusters/web")]
    #[case("https://console.aws.amazon.com.example.com/ecs/v2/clusters/web")]
    #[case("https://eu-west-1.console.aws.amazon.com/ec2/v2/clusters/web")]
    #[case("https://eu-west-1.console.aws.amazon.com/ecs/v2/")]
    #[case("arn:aws:s3:::bucket/x")]
    #[case("arn:aws:ecs:eu-west-1:1:attribute/x")]
    #[case("arn:aws:ecs:eu-west-1:1:task/")]
    #[case("checkout")]
    #[case("")]
    fn anything_else_is_a_text_to_look_for(#[case] text: &str) {
        assert_eq!(pasted(text, &Store::new()), None);
    }

    #[test]
    fn a_thing_of_any_region_that_is_looked_at_is_near() {
        let mut store = Store::new();
        store.look_at("eu-west-1,us-east-1");
        let there = Arn::new("arn:aws:ecs:us-east-1:1:cluster/web");
        let found = pasted(there.as_str(), &store);
        assert_eq!(found, Some(Pasted::Thing(Subject::whole(&there))));
        let far = pasted("arn:aws:ecs:ap-south-1:1:cluster/web", &store);
        let Some(Pasted::Elsewhere(says)) = far else {
            panic!("{far:?}");
        };
        assert!(says.contains("eu-west-1 and us-east-1"), "{says}");
    }

    #[test]
    fn quotes_and_commas_around_an_arn_are_left_out() {
        let arn = Arn::new("arn:aws:ecs:eu-west-1:1:cluster/web");
        let found = pasted(&format!(" \"{arn}\", "), &Store::new());
        assert_eq!(found, Some(Pasted::Thing(Subject::whole(&arn))));
    }
}
