//! What can be copied of a row: identities, the console link, the command that shows the same.

use super::{
    Cx,
    definition::{log_option, log_stream},
};
use crate::model::{Arn, Subject};

/// What can be copied of a subject: what it is called, and the text.
#[must_use]
pub fn copies(subject: &Subject, cx: &Cx) -> Vec<(&'static str, String)> {
    let arn = &subject.arn;
    let cluster = cx.store.cluster_of(arn);
    let mut copies = vec![("name", subject.name().to_owned())];
    if !arn.partition().is_empty() {
        copies.push(("arn", arn.to_string()));
    }
    if let Some(task) = cx.store.task(arn) {
        let address = task.private_ip.clone();
        copies.extend(address.map(|address| ("private address", address)));
        let address = task.ipv6.clone();
        copies.extend(address.map(|address| ("ipv6 address", address)));
        copies.push(("task definition", task.definition.name().to_owned()));
        let container = subject
            .part
            .as_deref()
            .and_then(|name| task.container(name));
        if let Some(container) = container {
            copies.push(("image", container.image.clone()));
            let pinned = container
                .digest
                .as_ref()
                .map(|digest| pinned(&container.image, digest));
            copies.extend(pinned.map(|pinned| ("image by digest", pinned)));
            copies.extend(container.runtime_id.clone().map(|id| ("runtime id", id)));
            let definition = cx.store.definition(&task.definition);
            let defined = definition.and_then(|known| {
                let mut containers = known.containers.iter();
                containers.find(|defined| defined.name == container.name)
            });
            if let Some((group, stream)) = defined.and_then(|one| log_stream(one, arn)) {
                let log = defined.and_then(|one| one.log.as_ref());
                let elsewhere = log.and_then(|log| log_option(log, "awslogs-region"));
                let region = elsewhere.unwrap_or(arn.region());
                let read = format!(
                    "aws logs tail {group} --log-stream-names {stream} --since 1h --region {region}"
                );
                copies.push(("log stream", stream));
                copies.push(("log command", read));
            }
        }
    }
    if let Some(instance) = cx.store.instance(arn) {
        copies.push(("instance id", instance.ec2_id.clone()));
    }
    if let Some(service) = cx.store.service(arn) {
        let definition = service.task_definition.as_ref();
        copies.extend(definition.map(|arn| ("task definition", arn.name().to_owned())));
    }
    if let Some(repository) = arn.repository().and_then(|arn| cx.store.repository(&arn)) {
        let uri = &repository.uri;
        match arn.kind() {
            "image" => copies.push(("image by digest", format!("{uri}@{}", arn.name()))),
            "tag" => copies.push(("image", format!("{uri}:{}", arn.name()))),
            _ => copies.push(("uri", uri.clone())),
        }
    }
    copies.extend(console_link(arn, cluster.as_ref()).map(|link| ("console link", link)));
    copies.extend(command(arn, cluster.as_ref()).map(|command| ("aws command", command)));
    copies
}

/// An image named by its digest: `host/repo@sha256:…`.
fn pinned(image: &str, digest: &str) -> String {
    let untagged = match image.rsplit_once(':') {
        Some((repository, tag)) if !tag.contains('/') => repository,
        _ => image,
    };
    let untagged = untagged.split('@').next().unwrap_or(untagged);
    format!("{untagged}@{digest}")
}

/// The page of the AWS console, for the partitions whose console has a known address.
fn console_link(arn: &Arn, cluster: Option<&Arn>) -> Option<String> {
    let host = match arn.partition() {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        _ => return None,
    };
    let region = arn.region();
    let name = arn.name();
    if let Some(repository) = arn.repository_name() {
        let image = match arn.kind() {
            "image" => format!("/_/image/{name}/details"),
            _ => String::new(),
        };
        return Some(format!(
            "https://{region}.{host}/ecr/repositories/private/{}/{repository}{image}?region={region}",
            arn.account()
        ));
    }
    let path = match arn.kind() {
        "task-definition" => {
            format!(
                "task-definitions/{}/{}/containers",
                arn.family(),
                arn.revision()?
            )
        }
        kind => {
            let cluster =
                cluster.map_or_else(|| arn.cluster_name(), |cluster| Some(cluster.name()))?;
            match kind {
                "cluster" => format!("clusters/{cluster}/services"),
                "service" => format!("clusters/{cluster}/services/{name}/health"),
                "task" => format!("clusters/{cluster}/tasks/{name}/configuration"),
                "container-instance" => {
                    format!("clusters/{cluster}/infrastructure/container-instances/{name}")
                }
                _ => return None,
            }
        }
    };
    Some(format!(
        "https://{region}.{host}/ecs/v2/{path}?region={region}"
    ))
}

/// The aws-cli line that shows the same thing.
fn command(arn: &Arn, cluster: Option<&Arn>) -> Option<String> {
    if let Some(repository) = arn.repository_name() {
        let call = match arn.kind() {
            "repository" => format!("describe-repositories --repository-names {repository}"),
            kind => {
                let id = if kind == "tag" {
                    "imageTag"
                } else {
                    "imageDigest"
                };
                let name = arn.name();
                format!("describe-images --repository-name {repository} --image-ids {id}={name}")
            }
        };
        return Some(format!("aws ecr {call} --region {}", arn.region()));
    }
    let within = cluster.map_or("", |cluster| cluster.name());
    let call = match arn.kind() {
        "cluster" => format!(
            "describe-clusters --clusters {} --include TAGS STATISTICS",
            arn.name()
        ),
        "service" => format!(
            "describe-services --cluster {within} --services {}",
            arn.name()
        ),
        "task" => format!("describe-tasks --cluster {within} --tasks {}", arn.name()),
        "container-instance" => format!(
            "describe-container-instances --cluster {within} --container-instances {}",
            arn.name()
        ),
        "task-definition" => format!("describe-task-definition --task-definition {}", arn.name()),
        _ => return None,
    };
    Some(format!("aws ecs {call} --region {}", arn.region()))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "arn:aws:ecs:eu-west-1:1:cluster/web",
        "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/web/services?region=eu-west-1"
    )]
    #[case(
        "arn:aws-cn:ecs:cn-north-1:1:task/web/abc",
        "https://cn-north-1.console.amazonaws.cn/ecs/v2/clusters/web/tasks/abc/configuration?region=cn-north-1"
    )]
    #[case(
        "arn:aws:ecs:eu-west-1:1:task-definition/web:7",
        "https://eu-west-1.console.aws.amazon.com/ecs/v2/task-definitions/web/7/containers?region=eu-west-1"
    )]
    #[case(
        "arn:aws:ecr:eu-west-1:1:repository/shop/web",
        "https://eu-west-1.console.aws.amazon.com/ecr/repositories/private/1/shop/web?region=eu-west-1"
    )]
    #[case(
        "arn:aws:ecr:eu-west-1:1:repository/web@sha256:ab",
        "https://eu-west-1.console.aws.amazon.com/ecr/repositories/private/1/web/_/image/sha256:ab/details?region=eu-west-1"
    )]
    fn links_lead_to_the_console_of_the_partition(#[case] arn: &str, #[case] link: &str) {
        assert_eq!(console_link(&Arn::new(arn), None).as_deref(), Some(link));
    }

    #[rstest]
    #[case("", "describe-repositories --repository-names shop/web")]
    #[case(
        "@sha256:ab",
        "describe-images --repository-name shop/web --image-ids imageDigest=sha256:ab"
    )]
    #[case(
        ":stable",
        "describe-images --repository-name shop/web --image-ids imageTag=stable"
    )]
    fn the_aws_command_shows_the_same(#[case] part: &str, #[case] call: &str) {
        let arn = Arn::new(&format!(
            "arn:aws:ecr:eu-west-1:1:repository/shop/web{part}"
        ));
        let expected = format!("aws ecr {call} --region eu-west-1");
        assert_eq!(command(&arn, None), Some(expected));
    }

    #[rstest]
    #[case("host/repo:1.2", "host/repo@sha256:ab")]
    #[case("host:5000/repo", "host:5000/repo@sha256:ab")]
    #[case("host:5000/repo:1", "host:5000/repo@sha256:ab")]
    fn images_are_pinned_to_their_digest(#[case] image: &str, #[case] expected: &str) {
        assert_eq!(pinned(image, "sha256:ab"), expected);
    }
}
