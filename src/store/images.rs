//! Repositories, images, and where tags point. What lists they stand in is in the store itself.

use std::{collections::HashMap, sync::Arc};

use crate::model::{
    Arn, Image, ImageTag, Manifest, PolicyKind, Repository, RepositoryPolicy, Scan,
};

/// How many images a repository has and what they take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ImageTotal {
    /// The number of images, tagged or not; an index counts beside its images.
    pub images: usize,
    /// The sum of their sizes in bytes. Layers that images share are counted with each of them, and an index takes
    /// nothing.
    pub bytes: i64,
}

/// Where a tag points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagTarget {
    /// To this image.
    Image(Arn),
    /// There is no such tag.
    Gone,
}

impl TagTarget {
    /// The image.
    #[must_use]
    pub fn image(&self) -> Option<&Arn> {
        match self {
            Self::Image(image) => Some(image),
            Self::Gone => None,
        }
    }
}

/// All that is known of ECR.
#[derive(Debug, Default)]
pub(super) struct Registry {
    repositories: HashMap<Arn, Arc<Repository>>,
    images: HashMap<Arn, Arc<Image>>,
    tags: HashMap<Arn, TagTarget>,
    manifests: HashMap<Arn, Arc<Manifest>>,
    findings: HashMap<Arn, Option<Scan>>,
    policies: HashMap<(Arn, PolicyKind), Arc<RepositoryPolicy>>,
    totals: HashMap<Arn, ImageTotal>,
}

impl Registry {
    pub(super) fn take_repository(&mut self, repository: Repository) {
        let arn = repository.arn.clone();
        self.repositories.insert(arn, Arc::new(repository));
    }

    /// Takes an image in. A tag is that of one image only: it is taken from the one that had it before.
    pub(super) fn take_image(&mut self, image: Image) {
        if let Some(before) = self.images.get(&image.arn) {
            for tag in before.tags.iter().filter(|tag| !image.tags.contains(tag)) {
                let tag = image.repository.tag(tag);
                if self.image_of(&tag) == Some(&image.arn) {
                    self.tags.remove(&tag);
                }
            }
        }
        for tag in &image.tags {
            let to = TagTarget::Image(image.arn.clone());
            let before = self.tags.insert(image.repository.tag(tag), to);
            let before = before.filter(|one| one.image() != Some(&image.arn));
            self.untag(before.as_ref(), tag);
        }
        self.images.insert(image.arn.clone(), Arc::new(image));
    }

    pub(super) fn take_tag(&mut self, tag: &ImageTag) {
        let to = match &tag.digest {
            Some(digest) => TagTarget::Image(tag.repository.image(digest)),
            None => TagTarget::Gone,
        };
        let key = tag.repository.tag(&tag.name);
        let before = self.tags.insert(key, to.clone());
        let before = before.filter(|before| *before != to);
        self.untag(before.as_ref(), &tag.name);
        if let Some(image) = to.image().and_then(|arn| self.images.get_mut(arn))
            && !image.tags.contains(&tag.name)
        {
            Arc::make_mut(image).tags.push(tag.name.clone());
        }
    }

    fn untag(&mut self, target: Option<&TagTarget>, tag: &str) {
        let image = target.and_then(TagTarget::image);
        if let Some(image) = image.and_then(|arn| self.images.get_mut(arn)) {
            Arc::make_mut(image).tags.retain(|one| one != tag);
        }
    }

    pub(super) fn take_manifest(&mut self, manifest: Manifest) {
        let image = manifest.image.clone();
        self.manifests.insert(image, Arc::new(manifest));
    }

    pub(super) fn take_findings(&mut self, image: Arn, scan: Option<Scan>) {
        self.findings.insert(image, scan);
    }

    pub(super) fn take_policy(&mut self, policy: RepositoryPolicy) {
        let key = (policy.repository.clone(), policy.kind);
        self.policies.insert(key, Arc::new(policy));
    }

    /// Counts the images of a repository, once all of them are known.
    pub(super) fn count(&mut self, repository: &Arn, images: &[Arn]) {
        let known = images.iter().filter_map(|arn| self.images.get(arn));
        let sizes = known.filter(|image| !image.is_index()).map(|one| one.size);
        let total = ImageTotal {
            images: images.len(),
            bytes: sizes.flatten().sum(),
        };
        self.totals.insert(repository.clone(), total);
    }

    /// Drops a repository or an image; manifests stay, they never change.
    pub(super) fn forget(&mut self, arn: &Arn) {
        if self.repositories.remove(arn).is_some() {
            self.totals.remove(arn);
        }
        self.findings.remove(arn);
        if let Some(image) = self.images.remove(arn) {
            for tag in &image.tags {
                let tag = image.repository.tag(tag);
                if self.image_of(&tag) == Some(arn) {
                    self.tags.remove(&tag);
                }
            }
        }
    }

    pub(super) fn repository(&self, arn: &Arn) -> Option<&Arc<Repository>> {
        self.repositories.get(arn)
    }

    pub(super) fn image(&self, arn: &Arn) -> Option<&Arc<Image>> {
        self.images.get(arn)
    }

    pub(super) fn points_to(&self, tag: &Arn) -> Option<&TagTarget> {
        self.tags.get(tag)
    }

    fn image_of(&self, tag: &Arn) -> Option<&Arn> {
        self.points_to(tag)?.image()
    }

    pub(super) fn manifest(&self, image: &Arn) -> Option<&Arc<Manifest>> {
        self.manifests.get(image)
    }

    pub(super) fn manifests(&self) -> impl Iterator<Item = &Arc<Manifest>> {
        self.manifests.values()
    }

    pub(super) fn findings(&self, image: &Arn) -> Option<&Scan> {
        self.findings.get(image)?.as_ref()
    }

    pub(super) fn has_findings(&self, image: &Arn) -> bool {
        self.findings.contains_key(image)
    }

    pub(super) fn policy(
        &self,
        repository: &Arn,
        kind: PolicyKind,
    ) -> Option<&Arc<RepositoryPolicy>> {
        self.policies.get(&(repository.clone(), kind))
    }

    pub(super) fn total(&self, repository: &Arn) -> Option<ImageTotal> {
        self.totals.get(repository).copied()
    }
}

/// What the store tells of ECR.
impl super::Store {
    /// The repositories of the account.
    pub fn repositories(&self) -> impl Iterator<Item = &Arc<Repository>> {
        self.listed(crate::model::Query::Repositories)
            .filter_map(|arn| self.registry.repository(arn))
    }

    /// A repository.
    #[must_use]
    pub fn repository(&self, arn: &Arn) -> Option<&Arc<Repository>> {
        self.registry.repository(arn)
    }

    /// The images of a repository that are known so far.
    pub fn images_of(&self, repository: &Arn) -> impl Iterator<Item = &Arc<Image>> {
        let listing = self.listing(&crate::model::Query::Images {
            repository: repository.clone(),
        });
        let items = listing.items().iter();
        items.filter_map(|arn| self.registry.image(arn))
    }

    /// All images that are known, of whatever repository; in no order.
    pub fn all_images(&self) -> impl Iterator<Item = &Arc<Image>> {
        self.registry.images.values()
    }

    /// How many images a repository has and what they take, once they were listed.
    #[must_use]
    pub fn image_total(&self, repository: &Arn) -> Option<ImageTotal> {
        self.registry.total(repository)
    }

    /// An image.
    #[must_use]
    pub fn image(&self, arn: &Arn) -> Option<&Arc<Image>> {
        self.registry.image(arn)
    }

    /// Where a tag points, as far as that is known.
    #[must_use]
    pub fn tag_points_to(&self, tag: &Arn) -> Option<&TagTarget> {
        self.registry.points_to(tag)
    }

    /// The image that a tag points to, as far as that is known.
    #[must_use]
    pub fn image_of_tag(&self, tag: &Arn) -> Option<&Arn> {
        self.tag_points_to(tag)?.image()
    }

    /// The manifest of an image.
    #[must_use]
    pub fn manifest(&self, image: &Arn) -> Option<&Arc<Manifest>> {
        self.registry.manifest(image)
    }

    /// The manifests known, of whatever image.
    pub fn manifests(&self) -> impl Iterator<Item = &Arc<Manifest>> {
        self.registry.manifests()
    }

    /// What the scan of an image found, as far as it was asked for and there is one.
    #[must_use]
    pub fn findings(&self, image: &Arn) -> Option<&Scan> {
        self.registry.findings(image)
    }

    /// Whether it was asked what the scan of an image found.
    #[must_use]
    pub fn has_findings(&self, image: &Arn) -> bool {
        self.registry.has_findings(image)
    }

    /// A policy of a repository, once it was asked for.
    #[must_use]
    pub fn policy(&self, repository: &Arn, kind: PolicyKind) -> Option<&Arc<RepositoryPolicy>> {
        self.registry.policy(repository, kind)
    }
}
