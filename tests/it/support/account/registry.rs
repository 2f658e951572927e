//! What ECR answers, and what is in it: a tag that was moved, an index, an untagged image, an archived one.

use ecsight::model::{
    Arn, Entity, Image, ImageTag, Manifest, ManifestChild, Part, PolicyKind, Query, Repository,
    RepositoryPolicy, Scan, samples,
};

use super::{Account, ago, whole};

/// The digest that the tasks of the account report.
pub(super) const RUNNING: &str =
    "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const NEWER: &str = "sha256:60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";
const INDEX: &str = "sha256:fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13";
const ARM: &str = "sha256:a4e624d686e03ed2767c0abd85c14426b0b1157d2ce81d27bb4fe4f6f01d688a";

/// The host of the account's registry.
pub(super) const HOST: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

fn repository(name: &str) -> Arn {
    Arn::new(&format!(
        "arn:aws:ecr:eu-west-1:123456789012:repository/{name}"
    ))
}

impl Account {
    /// The answer of ECR to a query.
    pub(super) fn registry(&self, query: &Query) -> Vec<Part> {
        if let Some(fault) = &self.registry_fault {
            let fault = fault.clone();
            return vec![Part::Failed { fault, calls: 1 }];
        }
        let image = |image: &Image| (image.arn.clone(), Entity::Image(Box::new(image.clone())));
        let found: Vec<(Arn, Entity)> = match query {
            Query::Repositories(_) => {
                let pair =
                    |one: &Repository| (one.arn.clone(), Entity::Repository(Box::new(one.clone())));
                self.repositories.iter().map(pair).collect()
            }
            Query::Images { repository } => {
                let here = self
                    .images
                    .iter()
                    .filter(|one| one.repository == *repository);
                here.map(image).collect()
            }
            Query::Image { image: arn } => {
                let wanted = self.images.iter().filter(|one| one.arn == *arn);
                wanted.map(image).collect()
            }
            Query::Tag { tag } => return self.tag(tag),
            Query::Manifest { image } => {
                let wanted = self.manifests.iter().filter(|one| one.image == *image);
                let pair =
                    |one: &Manifest| (one.image.clone(), Entity::Manifest(Box::new(one.clone())));
                wanted.map(pair).collect()
            }
            Query::Findings { image } => {
                let scan = self.images.iter().find(|one| one.arn == *image);
                let scan = scan.and_then(|one| one.scan.clone());
                vec![(image.clone(), Entity::Findings(image.clone(), scan))]
            }
            Query::Policy { repository, kind } => {
                let set = self.policies.iter();
                let mut set = set.filter(|one| one.repository == *repository && one.kind == *kind);
                let policy = set.next().cloned().unwrap_or(RepositoryPolicy {
                    repository: repository.clone(),
                    kind: *kind,
                    text: None,
                });
                vec![(repository.clone(), Entity::Policy(Box::new(policy)))]
            }
            other => panic!("{other} is not asked of ECR"),
        };
        let (items, entities): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        whole(entities, items)
    }

    fn tag(&self, tag: &Arn) -> Vec<Part> {
        let mut images = self.images.iter();
        let image = images.find(|image| {
            Some(&image.repository) == tag.repository().as_ref()
                && image.tags.iter().any(|one| one == tag.name())
        });
        let pointer = ImageTag {
            repository: tag.repository().expect("a tag of a repository"),
            name: tag.name().to_owned(),
            digest: image.map(|image| image.digest.clone()),
        };
        let entities = image.map(|image| Entity::Image(Box::new(image.clone())));
        let items = image.map(|image| image.arn.clone());
        whole(
            entities.into_iter().chain([Entity::Tag(pointer)]).collect(),
            items.into_iter().collect(),
        )
    }
}

/// Puts repositories and images into the account.
pub(super) fn stock(account: &mut Account) {
    let payments = repository("shop/payments");
    let mut moving = samples::repository(&payments);
    moving.scan_on_push = true;
    moving.created_at = Some(ago(86_400 * 400));
    let report = repository("report");
    let mut fixed = samples::repository(&report);
    fixed.mutability = "IMMUTABLE_WITH_EXCLUSION".into();
    fixed.exclusions = vec!["stable".to_owned(), "dev-*".to_owned()];
    fixed.created_at = Some(ago(86_400 * 3));
    let empty = repository("tools/a-repository-that-nobody-has-pushed-anything-to-yet");
    account
        .repositories
        .extend([fixed, moving, samples::repository(&empty)]);

    let image = |repository: &Arn, digest: &str, tags: &[&str], days: i64| Image {
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        pushed_at: Some(ago(86_400 * days)),
        size: Some(48_300_000),
        ..samples::image(repository, digest)
    };
    let scan = |counts: &[(&str, i32)]| Scan {
        status: "COMPLETE".to_owned(),
        reason: None,
        counts: Some(
            counts
                .iter()
                .map(|(name, count)| ((*name).to_owned(), *count))
                .collect(),
        ),
        completed_at: Some(ago(3_600)),
    };
    let newer = Image {
        scan: Some(scan(&[])),
        ..image(&payments, NEWER, &["2.0.0", "latest"], 1)
    };
    let older = Image {
        scan: Some(scan(&[("CRITICAL", 1), ("HIGH", 4), ("LOW", 12)])),
        pulled_at: Some(ago(7_200)),
        ..image(&payments, RUNNING, &[], 20)
    };
    let index = Image {
        media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
        ..image(&report, INDEX, &["stable", "2026-02"], 2)
    };
    let arm = Image {
        status: "ARCHIVED".to_owned(),
        ..image(&report, ARM, &[], 2)
    };
    let child = |digest: &str, platform: Option<&str>| ManifestChild {
        digest: digest.to_owned(),
        platform: platform.map(str::to_owned),
    };
    account.manifests.push(Manifest {
        image: index.arn.clone(),
        media_type: index.media_type.clone(),
        children: vec![
            child(RUNNING, Some("linux/amd64")),
            child(ARM, Some("linux/arm64/v8")),
            child("sha256:a77e57", None),
        ],
    });
    let platform = image(&report, RUNNING, &[], 2);
    account.images.extend([newer, older, index, platform, arm]);
    account.policies.push(RepositoryPolicy {
        repository: payments,
        kind: PolicyKind::Lifecycle,
        text: Some(LIFECYCLE.to_owned()),
    });
}

const LIFECYCLE: &str = r#"{"rules": [{"rulePriority": 1, "description": "old \u001b[31mleftovers",
    "selection": {"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 30},
    "action": {"type": "expire"}}]}"#;
