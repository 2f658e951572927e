//! The repositories that the images come from, with the builds of the last weeks and the tags that point at them.

use std::time::Duration;

use serde_json::json;

use super::{ACCOUNT, REGION};
use crate::sandbox::world::World;
use crate::sandbox::world::moment::Moment;
use crate::sandbox::world::registry::manifest::Build;
use crate::sandbox::world::registry::{Mutability, Repository};

/// Pushes the build of a version to its repository, and points tags at it.
pub fn publish(world: &mut World, name: &str, version: &str, tags: &[&str], at: Moment) {
    let created = world.now - Duration::from_hours(24 * 400);
    let repository = world.registry.repository(name, || found(name, created));
    repository.push(&format!("{name}:{version}"), tags, at);
}

/// Publishes the next version of what a tag points at, and moves the tag there.
pub fn move_on(world: &mut World, name: &str, tag: &str, at: Moment) {
    let version = world
        .registry
        .repositories
        .get(name)
        .and_then(|repository| repository.tagged(tag))
        .and_then(|(_, image)| image.tags.iter().find_map(|tag| parse(tag)));
    let Some((minor, patch)) = version else {
        return;
    };
    let next = format!("v1.{minor}.{}", patch + 1);
    publish(world, name, &next, &[&next, tag], at);
}

fn parse(tag: &str) -> Option<(u32, u32)> {
    let (minor, patch) = tag.strip_prefix("v1.")?.split_once('.')?;
    Some((minor.parse().ok()?, patch.parse().ok()?))
}

/// A repository of the demonstration, empty, with what is unusual about it.
fn found(name: &str, created: Moment) -> Repository {
    let build = match name {
        "node-exporter" => Build::Index,
        "datadog-agent" => Build::List,
        "legacy-admin" | "old-blog" => Build::Docker,
        _ => Build::Oci,
    };
    let mut repository = Repository::new(created, build);
    repository.scan_on_push = matches!(
        name,
        "storefront" | "payments-api" | "orders-api" | "notifications"
    );
    let tags = |mutable, exclusions: &[&str]| Mutability {
        mutable,
        exclusions: exclusions.iter().map(ToString::to_string).collect(),
    };
    match name {
        "payments-api" => {
            repository.mutability = tags(false, &[]);
            repository.key = Some(format!(
                "arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
            ));
        }
        "orders-api" => repository.mutability = tags(false, &["latest", "stable*"]),
        "checkout" => repository.mutability = tags(true, &["v*"]),
        "data-jobs" => {
            let policy = json!({"Version": "2012-10-17", "Statement": [{
                "Sid": "PullFromAnalytics",
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::210987654321:root"},
                "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            }]});
            repository.policy = Some(format!("{policy:#}"));
        }
        _ => {}
    }
    if !matches!(name, "legacy-admin" | "old-blog" | "data-jobs") {
        let rules = json!({"rules": [{
            "rulePriority": 1,
            "description": "Keep untagged images for two weeks",
            "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14},
            "action": {"type": "expire"},
        }]});
        repository.lifecycle = Some(rules.to_string());
    }
    repository
}

/// Gives every repository a past: versions before those that are in use, builds without a tag, and `latest` and
/// `stable` where they can have moved.
pub fn furnish(world: &mut World) {
    let names: Vec<String> = world.registry.repositories.keys().cloned().collect();
    for (index, name) in names.iter().enumerate() {
        let Some(repository) = world.registry.repositories.get_mut(name) else {
            continue;
        };
        let pushed = repository.images.values().map(|image| image.pushed);
        let Some(first) = pushed.min() else {
            continue;
        };
        let minor = repository.tags.keys().filter_map(|tag| parse(tag)).min();
        let before = |number: u32| match minor {
            Some((minor, _)) => format!("v1.{}.{number}", minor.saturating_sub(1)),
            None => format!("2026.{number}"),
        };
        let count = 3 + u32::try_from(index % 5).unwrap_or(0);
        for number in 0..count {
            let (version, age) = (before(number), u64::from(count - number));
            let at = first - Duration::from_hours(26 * age);
            repository.push(&format!("{name}:{version}"), &[&version], at);
        }
        for number in 0..=(index % 4) {
            let age = 11 + 19 * u64::try_from(number).unwrap_or(0);
            let at = first - Duration::from_hours(age);
            repository.push(&format!("{name}:build-{number}"), &[], at);
        }
        let strict = !repository.mutability.mutable && repository.mutability.exclusions.is_empty();
        if !strict {
            float(repository, name);
        }
        for image in repository
            .images
            .values_mut()
            .filter(|image| !image.tags.is_empty())
        {
            image.pulled = image
                .pulled
                .or(Some(image.pushed + Duration::from_hours(3)));
        }
    }
}

/// Points `latest` and `stable` at the newest version, where they do not point anywhere.
fn float(repository: &mut Repository, name: &str) {
    let versions = repository.images.values().filter_map(|image| {
        let version = image
            .tags
            .iter()
            .find(|tag| parse(tag).is_some() || tag.starts_with("2026."));
        version.map(|version| (image.pushed, version.clone()))
    });
    let Some((pushed, newest)) = versions.max() else {
        return;
    };
    for tag in ["latest", "stable"] {
        if !repository.tags.contains_key(tag) {
            repository.push(&format!("{name}:{newest}"), &[tag], pushed);
        }
    }
}

/// Makes a repository for a world to measure, as cheap as can be.
pub fn cheap(world: &mut World, name: &str, tag: &str, at: Moment) {
    let created = world.now - Duration::from_hours(24 * 400);
    let repository = world
        .registry
        .repository(name, || Repository::new(created, Build::Small));
    repository.push(&format!("{name}:{tag}"), &[tag, "latest"], at);
}

/// Adds a repository of so many images, one in ten of them without a tag.
pub fn many(world: &mut World, count: usize) {
    let now = world.now;
    let name = "monorepo/builds";
    let created = now - Duration::from_hours(24 * 400);
    let repository = world
        .registry
        .repository(name, || Repository::new(created, Build::Small));
    for number in 0..count {
        let age = u64::try_from(count - number).unwrap_or(u64::MAX);
        let at = now - Duration::from_mins(age.saturating_mul(9));
        let tag = format!("build-{number}");
        let tags: &[&str] = if number % 10 == 9 { &[] } else { &[&tag] };
        repository.push(&format!("{name}:{tag}"), tags, at);
    }
}
