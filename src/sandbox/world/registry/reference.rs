//! How task definitions name images, what that comes to, and what is pulled.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::chance;
use super::super::moment::Moment;
use super::{Registry, Repository};

/// An image of the registry, as a task definition names it.
struct Reference<'a> {
    repository: &'a str,
    tag: &'a str,
    digest: Option<&'a str>,
}

impl Registry {
    /// An empty registry.
    pub fn new(region: &str, account: &str) -> Self {
        Self {
            host: format!("{account}.dkr.ecr.{region}.amazonaws.com"),
            repositories: BTreeMap::new(),
        }
    }

    /// What an image is named by, if it is of this registry.
    fn own<'a>(&self, image: &'a str) -> Option<Reference<'a>> {
        let path = image.strip_prefix(self.host.as_str())?.strip_prefix('/')?;
        let (name, digest) = match path.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (path, None),
        };
        let (repository, tag) = name.split_once(':').unwrap_or((name, "latest"));
        Some(Reference {
            repository,
            tag,
            digest,
        })
    }

    /// The digest of what an image is now; none when it cannot be pulled. Images of other registries always can be.
    pub fn resolve(&self, image: &str) -> Option<Arc<str>> {
        let Some(own) = self.own(image) else {
            let digest = image.split_once('@').map(|(_, digest)| digest.to_owned());
            return Some(Arc::from(
                digest.unwrap_or_else(|| chance::digest_of(image)),
            ));
        };
        let repository = self.repositories.get(own.repository)?;
        match own.digest {
            Some(digest) => repository
                .images
                .get_key_value(digest)
                .map(|(digest, _)| Arc::clone(digest)),
            None => repository.tags.get(own.tag).cloned(),
        }
    }

    /// Whether an image can still be pulled by a digest that it had once.
    pub fn has(&self, image: &str, digest: &str) -> bool {
        self.own(image).is_none_or(|own| {
            let repository = self.repositories.get(own.repository);
            repository.is_some_and(|repository| repository.images.contains_key(digest))
        })
    }

    /// Whether an image is of this registry and is there.
    pub fn knows(&self, image: &str) -> bool {
        self.own(image).is_some() && self.resolve(image).is_some()
    }

    /// Notes that an image was pulled.
    pub fn pulled(&mut self, image: &str, digest: &str, at: Moment) {
        let repository = self.own(image).map(|own| own.repository.to_owned());
        let repository = repository.and_then(|name| self.repositories.get_mut(&name));
        if let Some(image) = repository.and_then(|repository| repository.images.get_mut(digest)) {
            image.pulled = image.pulled.max(Some(at));
        }
    }

    /// Pushes the build that an image names to its repository, if that is one of this registry. Where there is a
    /// `latest` that may be moved, it moves there.
    pub fn release(&mut self, image: &str, at: Moment) {
        let Some((name, tag)) = self
            .own(image)
            .map(|own| (own.repository.to_owned(), own.tag.to_owned()))
        else {
            return;
        };
        let Some(repository) = self.repositories.get_mut(&name) else {
            return;
        };
        let moves =
            repository.tags.contains_key("latest") && repository.mutability.may_move("latest");
        let tags = if moves {
            vec![tag.as_str(), "latest"]
        } else {
            vec![tag.as_str()]
        };
        repository.push(&format!("{name}:{tag}"), &tags, at);
    }

    /// The repository with this name, made as `new` says if there is none.
    pub fn repository(&mut self, name: &str, new: impl FnOnce() -> Repository) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_insert_with(new)
    }
}
