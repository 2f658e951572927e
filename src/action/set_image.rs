//! Set image: a new revision that differs in one image alone, and a service that runs it.

use super::{Candidate, Deed, Diff, Field, Follow, Step, redeploy, words};
use crate::{
    model::{
        Arn, Change, ContainerDefinition, ImageReference, Query, Service, Subject, TaskDefinition,
        age, short_digest,
    },
    resource::Cx,
};

/// The deed.
pub static DEED: Deed = Deed {
    id: "image",
    key: "i",
    views: &["services"],
    label: "set image",
    about: "Deploy another image: pick a tag or type one; registers a revision with only that changed (tag, version)",
    batch: false,
    typed: false,
    refuse: words::refuse_rollout,
    parts,
    needs,
    field,
    propose,
    step,
    impact: |changes, cx| {
        let services = changes
            .iter()
            .filter_map(|change| words::target(change, cx).ok());
        services
            .flat_map(|service| words::rolling(service))
            .collect()
    },
    then: |_, _| Vec::new(),
};

/// The containers to choose from, where there are several.
fn parts(subject: &Subject, cx: &Cx) -> Vec<(Subject, String)> {
    let Some(definition) = current(subject, cx) else {
        return Vec::new();
    };
    let containers = definition.containers.iter();
    let parts: Vec<_> = containers
        .map(|container| {
            let part = Subject::part(&subject.arn, &container.name);
            (part, container.image.clone())
        })
        .collect();
    if parts.len() > 1 { parts } else { Vec::new() }
}

/// The revision that the service runs.
fn current<'a>(subject: &Subject, cx: &Cx<'a>) -> Option<&'a TaskDefinition> {
    let service = cx.store.service(&subject.arn)?;
    let definition = cx.store.definition(service.task_definition.as_ref()?)?;
    Some(definition)
}

/// The container that the row names, or the only one.
fn container<'a>(subject: &Subject, cx: &Cx<'a>) -> Option<&'a ContainerDefinition> {
    let definition = current(subject, cx)?;
    match &subject.part {
        Some(name) => definition
            .containers
            .iter()
            .find(|container| container.name == **name),
        None => definition.containers.first(),
    }
}

fn needs(subject: &Subject, _answer: &str, cx: &Cx) -> Vec<Query> {
    let mut queries = redeploy::needs(subject, cx);
    let service = cx.store.service(&subject.arn);
    let definition = service.and_then(|service| service.task_definition.clone());
    queries.extend(definition.map(|definition| Query::Definition { definition }));
    let image = container(subject, cx).and_then(|container| repository(&container.image));
    queries.extend(image.map(|repository| Query::Images { repository }));
    queries
}

fn field(subjects: &[Subject], cx: &Cx) -> Option<Field> {
    let container = container(subjects.first()?, cx);
    Some(Field {
        label: "image",
        value: container.map_or_else(String::new, |container| container.image.clone()),
        hint: "a tag, or a whole image".to_owned(),
        candidates: container.map_or_else(Vec::new, |container| candidates(&container.image, cx)),
    })
}

/// The tags of the repository that the image is from, the newest first.
fn candidates(image: &str, cx: &Cx) -> Vec<Candidate> {
    let Some(repository) = repository(image) else {
        return Vec::new();
    };
    let mut images: Vec<_> = cx.store.images_of(&repository).collect();
    images.sort_by_key(|known| std::cmp::Reverse(known.pushed_at));
    let tags = images.into_iter().flat_map(|known| {
        let pushed = known.pushed_at.map(|at| age(cx.now.wall.since(at)));
        let detail = format!(
            "{}  pushed {} ago",
            short_digest(&known.digest),
            pushed.unwrap_or_else(|| "?".to_owned())
        );
        known.tags.iter().map(move |tag| Candidate {
            value: tag.clone(),
            detail: detail.clone(),
        })
    });
    tags.collect()
}

/// The repository of ECR that an image is from.
fn repository(image: &str) -> Option<Arn> {
    ImageReference::parse(image)?.ecr_repository()
}

/// The image without its tag or digest: `registry:5000/shop` of `registry:5000/shop:1.5`.
fn without_tag(image: &str) -> &str {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    }
}

/// The image that was typed: a bare tag names another tag of the image that runs.
fn wanted(answer: &str, image: &str) -> Result<String, String> {
    let answer = answer.trim();
    let refused = |why: &str| Err(format!("{answer:?} is no image: {why}"));
    if answer.is_empty() {
        return Err("write a tag, or a whole image".to_owned());
    }
    if answer.len() > 255 {
        return refused("it is longer than 255 letters");
    }
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.:/@+".contains(letter);
    if !answer.chars().all(allowed) {
        return refused("letters, digits and -_.:/@ can stand in it");
    }
    let wanted = if answer.starts_with("sha256:") {
        format!("{}@{answer}", without_tag(image))
    } else if answer.contains([':', '/', '@']) {
        answer.to_owned()
    } else {
        format!("{}:{answer}", without_tag(image))
    };
    if wanted == image {
        return Err(format!(
            "{image} is what it runs already; redeploy pulls it anew"
        ));
    }
    Ok(wanted)
}

fn propose(subject: &Subject, answer: &str, cx: &Cx) -> Result<Change, String> {
    let service = words::service(subject, cx.store)?;
    let base = service
        .task_definition
        .clone()
        .ok_or("the service has no task definition of its own")?;
    let container =
        container(subject, cx).ok_or_else(|| format!("asking what {} is made of", base.name()))?;
    Ok(Change::SetImage {
        cluster: service.cluster.clone(),
        service: service.arn.clone(),
        base,
        container: container.name.clone(),
        image: wanted(answer, &container.image)?,
    })
}

fn step(change: &Change, cx: &Cx) -> Result<Step, String> {
    let Change::SetImage {
        base,
        container,
        image,
        ..
    } = change
    else {
        return Err("that is no other image".to_owned());
    };
    let service = words::target(change, cx)?;
    let definition = cx
        .store
        .definition(base)
        .ok_or_else(|| format!("asking what {} is made of", base.name()))?;
    let known = definition
        .containers
        .iter()
        .find(|known| known.name == *container)
        .ok_or_else(|| format!("{} has no container {container}", base.name()))?;
    let mut step = words::step_on(service, change, "Set image");
    let next = format!("{}, a new revision", base.family());
    step.diffs.push(Diff::new(
        &format!("{container} image"),
        &known.image,
        image,
    ));
    step.diffs
        .push(Diff::new("task definition", base.name(), &next));
    step.calls = vec![
        "ecs:DescribeServices".to_owned(),
        "ecs:DescribeTaskDefinition".to_owned(),
        format!(
            "ecs:RegisterTaskDefinition family={}, all else as in {}",
            base.family(),
            base.name()
        ),
        "ecs:UpdateService taskDefinition=(the new revision)".to_owned(),
    ];
    step.command = command(base.as_str(), container, image, service);
    step.undo = Some(Change::SetRevision {
        cluster: service.cluster.clone(),
        service: service.arn.clone(),
        definition: base.clone(),
    });
    step.follow = Follow::Deployment(service.arn.clone());
    words::warn_of_rollout(service, &mut step.warnings, cx);
    let roles = [&definition.task_role, &definition.execution_role];
    if roles.iter().any(|role| role.is_some()) {
        step.warnings.push(
            "the roles of the revision are passed on: iam:PassRole is needed for them".to_owned(),
        );
    }
    Ok(step)
}

/// The same with the AWS CLI and jq: it takes two commands.
fn command(base: &str, container: &str, image: &str, service: &Service) -> String {
    let edit = format!(
        ".taskDefinition | .containerDefinitions |= map(if .name == \"{container}\" then .image = \"{image}\" else . end) \
         | del(.taskDefinitionArn, .revision, .status, .requiresAttributes, .compatibilities, .registeredAt, .registeredBy, .deregisteredAt)"
    );
    format!(
        "aws ecs register-task-definition --cli-input-json \"$(aws ecs describe-task-definition --task-definition {base} | jq {})\" && {}",
        words::quote(&edit),
        words::update_service(
            service,
            &format!("--task-definition {}", Arn::new(base).family())
        )
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("2.0", "shop:1.5", "shop:2.0")]
    #[case("2.0", "registry:5000/team/shop", "registry:5000/team/shop:2.0")]
    #[case(
        "2.0",
        "1.dkr.ecr.r.amazonaws.com/shop@sha256:abc",
        "1.dkr.ecr.r.amazonaws.com/shop:2.0"
    )]
    #[case("2.0", "shop:1.5@sha256:abc", "shop:2.0")]
    #[case("sha256:def", "shop:1.5", "shop@sha256:def")]
    #[case("other/shop:1", "shop:1.5", "other/shop:1")]
    fn a_bare_tag_names_another_tag_of_the_same_image(
        #[case] typed: &str,
        #[case] image: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(wanted(typed, image).as_deref(), Ok(expected));
    }

    #[rstest]
    #[case("")]
    #[case("1.5")]
    #[case("two words")]
    #[case("$(reboot)")]
    fn what_is_no_other_image_is_refused(#[case] typed: &str) {
        assert!(wanted(typed, "shop:1.5").is_err());
    }
}
