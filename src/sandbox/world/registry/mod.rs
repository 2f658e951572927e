//! The container registry: repositories, their images and tags, and which tags may move. The documents that images
//! consist of are in `manifest`, what a scan finds in `scan`, and how tasks name images in `reference`.

pub mod manifest;
mod reference;
pub mod scan;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use manifest::{Build, Manifest};
use scan::Scan;

use super::moment::Moment;

/// The registry of the account in its region.
#[derive(Debug)]
pub struct Registry {
    /// The host that images are pulled from.
    pub host: String,
    /// Repositories by name.
    pub repositories: BTreeMap<String, Repository>,
}

/// Which tags may be moved to another image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutability {
    /// Whether tags may be moved, those of the exclusions apart.
    pub mutable: bool,
    /// Tags for which the opposite holds, with `*` for any characters.
    pub exclusions: Vec<String>,
}

impl Mutability {
    /// The word of the API.
    pub fn word(&self) -> &'static str {
        match (self.mutable, self.exclusions.is_empty()) {
            (true, true) => "MUTABLE",
            (true, false) => "MUTABLE_WITH_EXCLUSION",
            (false, true) => "IMMUTABLE",
            (false, false) => "IMMUTABLE_WITH_EXCLUSION",
        }
    }

    /// Whether this tag may be moved.
    pub fn may_move(&self, tag: &str) -> bool {
        let excluded = self.exclusions.iter().any(|filter| fits(filter, tag));
        self.mutable != excluded
    }
}

/// Whether a text fits a filter in which `*` stands for any characters, also none.
fn fits(filter: &str, text: &str) -> bool {
    let Some((head, rest)) = filter.split_once('*') else {
        return filter == text;
    };
    let Some(text) = text.strip_prefix(head) else {
        return false;
    };
    let mut ends = (0..=text.len()).filter(|index| text.is_char_boundary(*index));
    ends.any(|index| fits(rest, &text[index..]))
}

/// A repository.
#[derive(Debug)]
pub struct Repository {
    /// When it was made.
    pub created: Moment,
    /// Which tags may be moved.
    pub mutability: Mutability,
    /// Whether images are scanned when they are pushed.
    pub scan_on_push: bool,
    /// The key that encrypts it, instead of the registry's own.
    pub key: Option<String>,
    /// Its permissions, as JSON.
    pub policy: Option<String>,
    /// The rules by which its images expire, as JSON.
    pub lifecycle: Option<String>,
    /// What its builds push.
    pub build: Build,
    /// Images by digest.
    pub images: BTreeMap<Arc<str>, Image>,
    /// The digest that each tag points at.
    pub tags: BTreeMap<String, Arc<str>>,
    /// Digests of the layers and configurations that have been pushed.
    pub layers: BTreeSet<String>,
}

/// An image: a manifest, or an index of several.
#[derive(Debug)]
pub struct Image {
    /// The manifest, byte for byte as it was pushed.
    pub manifest: String,
    /// Its media type.
    pub media_type: String,
    /// The media type of what it is the manifest of.
    pub artifact: Option<String>,
    /// Digests of the images that it is an index of.
    pub children: Vec<String>,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// When it was pushed.
    pub pushed: Moment,
    /// When it was last pulled.
    pub pulled: Option<Moment>,
    /// Size of its layers and configuration, in bytes; of an index, that of its largest image.
    pub size: u64,
    /// What its scan found, once it was scanned.
    pub scan: Option<Scan>,
}

/// Why a manifest is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The tag points at it already, or it is there already and no tag was named.
    Exists,
    /// The tag points elsewhere and may not be moved.
    Immutable,
    /// Layers that were never pushed.
    Layers(Vec<String>),
    /// Images of an index that are not there.
    Children(Vec<String>),
}

impl Repository {
    /// An empty repository whose tags may all be moved.
    pub fn new(created: Moment, build: Build) -> Self {
        Self {
            created,
            mutability: Mutability {
                mutable: true,
                exclusions: Vec::new(),
            },
            scan_on_push: false,
            key: None,
            policy: None,
            lifecycle: None,
            build,
            images: BTreeMap::new(),
            tags: BTreeMap::new(),
            layers: BTreeSet::new(),
        }
    }

    /// The image that a tag points at, with its digest.
    pub fn tagged(&self, tag: &str) -> Option<(&Arc<str>, &Image)> {
        self.images.get_key_value(self.tags.get(tag)?)
    }

    /// Takes a manifest, and points a tag at it, as `PutImage` does.
    pub fn put(
        &mut self,
        text: &str,
        manifest: Manifest,
        tag: Option<&str>,
        at: Moment,
    ) -> Result<Arc<str>, Refusal> {
        let digest = manifest::digest_of(text.as_bytes());
        let known = self.images.contains_key(digest.as_str());
        match tag.map(|tag| (tag, self.tags.get(tag))) {
            None if known => return Err(Refusal::Exists),
            Some((_, Some(old))) if **old == *digest => return Err(Refusal::Exists),
            Some((tag, Some(_))) if !self.mutability.may_move(tag) => {
                return Err(Refusal::Immutable);
            }
            _ => {}
        }
        if !known {
            self.check(&manifest)?;
        }
        let digest = self.insert(digest, text, manifest, at);
        if let Some(tag) = tag {
            self.point(tag, &digest);
        }
        Ok(digest)
    }

    /// Whether all that a manifest refers to is there.
    fn check(&self, manifest: &Manifest) -> Result<(), Refusal> {
        let blobs = manifest.config.iter().chain(&manifest.layers);
        let layers: Vec<String> = blobs
            .map(|blob| blob.digest.clone())
            .filter(|digest| !self.layers.contains(digest))
            .collect();
        if !layers.is_empty() {
            return Err(Refusal::Layers(layers));
        }
        let children = manifest.children.iter().map(|child| child.digest.clone());
        let children: Vec<String> = children
            .filter(|digest| !self.images.contains_key(digest.as_str()))
            .collect();
        if children.is_empty() {
            Ok(())
        } else {
            Err(Refusal::Children(children))
        }
    }

    fn insert(&mut self, digest: String, text: &str, manifest: Manifest, at: Moment) -> Arc<str> {
        let digest: Arc<str> = Arc::from(digest);
        let children: Vec<String> = manifest
            .children
            .into_iter()
            .map(|child| child.digest)
            .collect();
        let blobs = manifest.config.iter().chain(&manifest.layers);
        let own: u64 = blobs.map(|blob| blob.size).sum();
        let sizes = children
            .iter()
            .filter_map(|child| self.images.get(child.as_str()))
            .map(|child| child.size);
        let size = sizes.max().unwrap_or(0).max(own);
        let scan = (self.scan_on_push && children.is_empty()).then(|| Scan::of(&digest, at));
        self.images
            .entry(Arc::clone(&digest))
            .or_insert_with(|| Image {
                manifest: text.to_owned(),
                media_type: manifest.media_type,
                artifact: manifest.config.map(|config| config.media_type),
                children,
                tags: BTreeSet::new(),
                pushed: at,
                pulled: None,
                size,
                scan,
            });
        digest
    }

    /// Points a tag at an image, away from the one that it pointed at.
    fn point(&mut self, tag: &str, digest: &Arc<str>) {
        self.untag(tag);
        if let Some(image) = self.images.get_mut(digest) {
            image.tags.insert(tag.to_owned());
            self.tags.insert(tag.to_owned(), Arc::clone(digest));
        }
    }

    /// Removes a tag; the image stays.
    pub fn untag(&mut self, tag: &str) {
        if let Some(old) = self.tags.remove(tag)
            && let Some(image) = self.images.get_mut(&old)
        {
            image.tags.remove(tag);
        }
    }

    /// Removes an image with all its tags.
    pub fn remove(&mut self, digest: &str) -> Option<Image> {
        let image = self.images.remove(digest)?;
        for tag in &image.tags {
            self.tags.remove(tag);
        }
        Some(image)
    }

    /// Digests of the indexes that an image is part of.
    pub fn indexes_of(&self, digest: &str) -> Vec<Arc<str>> {
        let indexes = self
            .images
            .iter()
            .filter(|(_, image)| image.children.iter().any(|child| child == digest));
        indexes.map(|(digest, _)| Arc::clone(digest)).collect()
    }

    /// Pushes what a build made, with its layers, and points tags at it. The same label makes the same image. The tags
    /// are moved even where clients could not: it is how a repository came to be as it is.
    pub fn push(&mut self, label: &str, tags: &[&str], at: Moment) -> Arc<str> {
        let (text, parts) = self.build.manifests(label);
        for part in parts.into_iter().chain([text.clone()]) {
            let Some(manifest) = Manifest::read(&part, None) else {
                continue;
            };
            let blobs = manifest.config.iter().chain(&manifest.layers);
            self.layers.extend(blobs.map(|blob| blob.digest.clone()));
            let digest = manifest::digest_of(part.as_bytes());
            self.insert(digest, &part, manifest, at);
        }
        let digest = Arc::from(manifest::digest_of(text.as_bytes()));
        for tag in tags {
            self.point(tag, &digest);
        }
        digest
    }
}

#[cfg(test)]
mod tests {
    use super::{Mutability, fits};

    #[test]
    fn filters_take_any_characters_for_an_asterisk() {
        assert!(fits("latest", "latest") && !fits("latest", "latest-1"));
        assert!(fits("stable*", "stable") && fits("stable*", "stable-eu"));
        assert!(fits("*-rc*", "v1-rc2") && !fits("*-rc*", "v1"));
        assert!(fits("*", "") && !fits("", "x"));
    }

    #[test]
    fn exclusions_turn_the_rule_around() {
        let with = |mutable| Mutability {
            mutable,
            exclusions: vec!["v*".to_owned()],
        };
        assert!(with(true).may_move("latest") && !with(true).may_move("v1"));
        assert!(!with(false).may_move("latest") && with(false).may_move("v1"));
        assert_eq!(with(false).word(), "IMMUTABLE_WITH_EXCLUSION");
    }
}
