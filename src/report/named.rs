//! Names as people write them, and what has such a name.

use crate::{
    model::{Arn, Subject},
    store::Store,
};

/// Letters of an id that are enough to name a task.
const ID: usize = 8;
/// Digits of a digest that are enough to name an image.
const DIGEST: usize = 12;

/// A name with the cluster that it may begin with.
pub(super) struct Named {
    /// By name or ARN.
    pub(super) cluster: Option<String>,
    pub(super) name: String,
    /// The whole ARN, if it is one.
    arn: Option<Arn>,
}

impl Named {
    /// Reads `name`, `cluster/name` or an ARN.
    pub(super) fn parse(text: &str) -> Self {
        if text.starts_with("arn:") {
            let arn = Arn::new(text);
            return Self {
                cluster: arn.cluster_name().map(|name| {
                    let (partition, region, account) =
                        (arn.partition(), arn.region(), arn.account());
                    format!("arn:{partition}:ecs:{region}:{account}:cluster/{name}")
                }),
                name: arn.name().to_owned(),
                arn: Some(arn),
            };
        }
        let (cluster, name) = match text.split_once('/') {
            Some((cluster, name)) => (Some(cluster.to_owned()), name),
            None => (None, text),
        };
        Self {
            cluster,
            name: name.to_owned(),
            arn: None,
        }
    }

    pub(super) fn or_of(mut self, cluster: Option<&Arn>) -> Self {
        if self.cluster.is_none() {
            self.cluster = cluster.map(|arn| arn.as_str().to_owned());
        }
        self
    }
}

/// The repository that the name of an image begins with: `shop/web` of `shop/web:v1` and `shop/web@sha256:…`.
pub(super) fn repository_of(name: &str) -> Option<&str> {
    if let Some((repository, _)) = name.split_once('@') {
        return Some(repository);
    }
    let (repository, _) = name
        .split_once(':')
        .filter(|(begin, _)| *begin != "sha256")?;
    Some(repository)
}

pub(super) fn is_cluster(name: &str, subject: &Subject, _: &Store) -> bool {
    subject.arn.name() == name || subject.arn.as_str() == name
}

/// Whether a thing is in the cluster that a name begins with, if it does, and where an ARN says that it is.
fn is_there(one: &Named, arn: &Arn, store: &Store) -> bool {
    let is_near = one
        .arn
        .as_ref()
        .is_none_or(|named| (named.region(), named.account()) == (arn.region(), arn.account()));
    is_near
        && one.cluster.as_deref().is_none_or(|name| {
            let cluster = store.cluster_of(arn);
            cluster.is_some_and(|cluster| cluster.name() == name || cluster.as_str() == name)
        })
}

pub(super) fn is_service(name: &str, subject: &Subject, store: &Store) -> bool {
    let one = Named::parse(name);
    subject.arn.name() == one.name && is_there(&one, &subject.arn, store)
}

pub(super) fn is_task(name: &str, subject: &Subject, store: &Store) -> bool {
    let one = Named::parse(name);
    let id = subject.arn.name();
    let begins = one.name.len() >= ID && id.starts_with(&one.name);
    (begins || id == one.name) && is_there(&one, &subject.arn, store)
}

/// A container by its name, alone or behind its task.
pub(super) fn is_container(name: &str, subject: &Subject, store: &Store) -> bool {
    match name.rsplit_once('/') {
        None => subject.name() == name,
        Some((task, container)) => {
            subject.name() == container && is_task(task, &Subject::whole(&subject.arn), store)
        }
    }
}

/// An image by a tag or its digest, alone or behind its repository.
pub(super) fn is_image(name: &str, subject: &Subject, store: &Store) -> bool {
    let Some(image) = store.image(&subject.arn) else {
        return false;
    };
    let repository = repository_of(name);
    if repository.is_some_and(|one| one != image.repository.name()) {
        return false;
    }
    let rest = repository.map_or(name, |one| &name[one.len() + 1..]);
    let digits = rest.strip_prefix("sha256:").unwrap_or(rest);
    let digest = image
        .digest
        .strip_prefix("sha256:")
        .unwrap_or(&image.digest);
    let by_digest = digits.len() >= DIGEST && digest.starts_with(digits);
    by_digest || image.tags.iter().any(|tag| tag == rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_its_cluster_in_full_or_at_least_its_region() {
        let long = Named::parse("arn:aws-cn:ecs:cn-north-1:1:service/web/api");
        let cluster = Some("arn:aws-cn:ecs:cn-north-1:1:cluster/web");
        assert_eq!((long.cluster.as_deref(), &*long.name), (cluster, "api"));
        // The short form, from before clusters stood in it.
        let store = Store::new();
        let is_meant = |text: &str| {
            let subject = Subject::whole(&Arn::new("arn:aws:ecs:eu-west-1:1:service/api"));
            is_service(text, &subject, &store)
        };
        assert!(is_meant("api"));
        assert!(is_meant("arn:aws:ecs:eu-west-1:1:service/api"));
        assert!(!is_meant("arn:aws:ecs:us-east-1:1:service/api"));
        assert!(!is_meant("arn:aws:ecs:eu-west-1:2:service/api"));
    }
}
