//! Images of a repository, tagged or not, the newest first.

use std::{ops::Deref, sync::Arc};

use super::{
    Cell, Column, Cx, Link, Live, Page, Place, Scope, SortKey, Step, Tone, View, drift,
    repositories::{query, size},
    users::{self, UserIndex, Users},
    words::{age_cell, age_key},
};
use crate::{
    model::{Arn, Health, Image, Query, Scan, Subject, is_index, short_digest},
    store::Store,
};

/// An image with those who run it.
pub struct Row {
    image: Arc<Image>,
    users: Users,
}

impl Deref for Row {
    type Target = Image;

    fn deref(&self) -> &Image {
        &self.image
    }
}

/// The view.
pub static VIEW: View<Row> = View {
    id: "images",
    aliases: &["img", "image"],
    noun: "image",
    about: "Images of a repository, tagged or not: size, scan, who runs them",
    under: &["repository"],
    whole: false,
    facets: &[],
    columns: &[
        Column::text("TAGS", 16, 0, |row: &Row, _| {
            if row.tags.is_empty() {
                Cell::muted("untagged")
            } else {
                Cell::new(row.tags.join(", "), Tone::Strong)
            }
        })
        .grow(50),
        Column::region(|row, _| Cell::region(&row.arn)),
        Column::text("DIGEST", 12, 0, |row: &Row, _| {
            Cell::plain(short_digest(&row.digest).to_owned())
        }),
        Column::number(
            "PUSHED",
            6,
            1,
            |row: &Row, cx| age_cell(row.pushed_at, cx),
            |row, _| age_key(row.pushed_at),
        ),
        Column::number(
            "SIZE",
            6,
            1,
            |row: &Row, _| {
                row.size
                    .map_or_else(Cell::absent, |one| Cell::plain(size(one)))
            },
            |row, _| row.size.map_or(SortKey::Absent, SortKey::Number),
        ),
        Column::text("IN USE BY", 14, 1, |row: &Row, _| users::cell(&row.users)).grow(70),
        Column::text("SCAN", 14, 2, |row: &Row, cx| {
            scan(row, cx.store).map_or_else(Cell::absent, scan_cell)
        })
        .grow(44)
        .sorted_by(|row, cx| scan(row, cx.store).map_or(SortKey::Absent, scan_key)),
        Column::text("ARCH", 12, 3, |row: &Row, cx| platforms(row, cx)).grow(40),
        Column::number(
            "PULLED",
            6,
            4,
            |row: &Row, cx| age_cell(row.pulled_at, cx),
            |row, _| age_key(row.pulled_at),
        ),
        Column::text("STATUS", 8, 5, |row: &Row, _| {
            Cell::new(row.status.clone(), status_health(&row.status).into())
        })
        .grow(12),
    ],
    needs: |scope, _| scope.of.iter().map(query).collect(),
    rows,
    subject: |row| Subject::whole(&row.arn),
    health: |row, _| status_health(&row.status),
    moving: |_| false,
    order: |one, two| {
        // The images of an index are pushed with it, and follow it.
        let newest = two.pushed_at.cmp(&one.pushed_at);
        newest
            .then_with(|| one.tags.is_empty().cmp(&two.tags.is_empty()))
            .then_with(|| one.digest.cmp(&two.digest))
    },
    sick_first: false,
    when_empty: "",
    live: Some(live),
    enter: |subject, _, _| Some(Step::Describe("images", subject.clone())),
    links: &[Link {
        id: "image.tags",
        key: "v",
        label: "tags",
        about: "The tags of the repository, where they point and who runs them",
        to: |subject, _, _| {
            let repository = subject.arn.repository()?;
            Some(Step::Open(Place::of("tags", Subject::whole(&repository))))
        },
    }],
    page_needs,
    page,
};

fn rows(scope: &Scope, store: &Store) -> Vec<Row> {
    let Some(repository) = scope.of.as_ref().and_then(|of| of.arn.repository()) else {
        return Vec::new();
    };
    let index = UserIndex::of(store, Some(&repository));
    let row = |image: &Arc<Image>| Row {
        image: Arc::clone(image),
        users: index.get(&image.arn),
    };
    store.images_of(&repository).map(row).collect()
}

/// Who runs them, and the images of an index where those decide whether it is run.
fn live(rows: &[Subject], cx: &Cx) -> Live {
    let tags = rows.iter().filter_map(|row| cx.store.image(&row.arn));
    let tags = tags.filter(|image| image.is_index()).flat_map(|image| {
        let tags = image.tags.iter();
        tags.map(|tag| image.repository.tag(tag))
            .collect::<Vec<_>>()
    });
    users::live_of_tags(&tags.collect::<Vec<_>>(), cx.store)
}

fn status_health(status: &str) -> Health {
    match status {
        "ACTIVE" => Health::Ok,
        "ARCHIVED" => Health::Done,
        "ACTIVATING" => Health::Moving,
        _ => Health::Unknown,
    }
}

/// A word for what an image is: of one platform, an index of several, or something that is no container image.
fn kind(image: &Image) -> &'static str {
    let is_artifact = image.artifact_type.as_deref().is_some_and(|packed| {
        !packed.contains("container.image") && packed != "application/vnd.oci.image.config.v1+json"
    });
    match () {
        () if image.is_index() => "index",
        () if is_artifact => "artifact",
        () => "image",
    }
}

/// The platforms of an index without their system if that is Linux: `amd64, arm64`.
fn platforms(image: &Image, cx: &Cx) -> Cell {
    let known = cx.store.manifest(&image.arn);
    let known = known.filter(|manifest| !manifest.children.is_empty());
    match known {
        Some(manifest) => {
            let platforms = manifest.platforms().into_iter();
            let short = platforms.map(|one| one.strip_prefix("linux/").unwrap_or(one));
            Cell::plain(short.collect::<Vec<_>>().join(", "))
        }
        None => match kind(image) {
            "image" => Cell::absent(),
            kind => Cell::muted(kind),
        },
    }
}

/// What a scan found: as asked for by itself, or else as the image says.
fn scan<'a>(image: &'a Image, store: &'a Store) -> Option<&'a Scan> {
    let asked = store.findings(&image.arn);
    let told = asked.filter(|scan| scan.counts.is_some());
    told.or(image.scan.as_ref()).or(asked)
}

/// The counts of a scan, the gravest first: `1 critical, 4 high`; its status if it has none.
fn scan_words(scan: &Scan) -> String {
    match &scan.counts {
        Some(counts) if counts.is_empty() => "no findings".to_owned(),
        Some(counts) => {
            let words = counts
                .iter()
                .map(|(severity, count)| format!("{count} {}", severity.to_lowercase()));
            words.collect::<Vec<_>>().join(", ")
        }
        None => scan.status.to_lowercase().replace('_', " "),
    }
}

fn scan_cell(scan: &Scan) -> Cell {
    let words = scan_words(scan);
    if words.is_empty() {
        return Cell::absent();
    }
    Cell::new(words, scan_tone(scan))
}

fn scan_tone(scan: &Scan) -> Tone {
    match &scan.counts {
        None => Tone::Muted,
        Some(counts) if counts.is_empty() => Tone::Ok,
        Some(_) if scan.count("CRITICAL") > 0 => Tone::Error,
        Some(_) if scan.count("HIGH") > 0 => Tone::Warn,
        Some(_) => Tone::Plain,
    }
}

/// The gravest first.
fn scan_key(scan: &Scan) -> SortKey {
    if scan.counts.is_none() {
        return SortKey::Absent;
    }
    let weigh = |weight: i64, severity: &&str| {
        let count = i64::from(scan.count(severity)).clamp(0, 999);
        weight * 1_000 + count
    };
    let weight = Scan::SEVERITIES[..5].iter().fold(0, weigh);
    SortKey::Number(weight.saturating_neg())
}

fn page_needs(subject: &Subject, store: &Store) -> Vec<Query> {
    let image = subject.arn.clone();
    let mut needs = vec![Query::Image {
        image: image.clone(),
    }];
    if let Some(known) = store.image(&image) {
        if known.is_index() {
            needs.push(Query::Manifest { image });
        } else if kind(known) == "image" {
            needs.push(Query::Findings { image });
        }
    }
    needs
}

fn page(subject: &Subject, cx: &Cx) -> Option<Page> {
    let image = cx.store.image(&subject.arn)?;
    let name = image.repository.name();
    let mut page = Page::new(format!("image {name}@{}", image.arn.short()));
    page.heading("Image");
    page.field("repository", name.to_owned());
    page.field(
        "registry",
        format!("{} in {}", image.arn.account(), image.arn.region()),
    );
    if image.tags.is_empty() {
        page.toned("tags", "none", Tone::Muted);
    }
    page.list("tags", image.tags.iter().cloned());
    page.field("digest", image.digest.clone());
    page.field("kind", kind(image));
    page.field("media type", image.media_type.clone());
    page.maybe("packed", image.artifact_type.as_deref());
    if let Some(bytes) = image.size {
        let note = if image.is_index() {
            " (compressed, of its largest image)"
        } else {
            " (compressed)"
        };
        let spans = vec![
            super::Span::plain(size(bytes)),
            super::Span::new(note, Tone::Muted),
        ];
        page.spans("size", spans);
    }
    page.toned(
        "status",
        image.status.clone(),
        status_health(&image.status).into(),
    );
    page.time("pushed", image.pushed_at, cx.now);
    page.time("last pulled", image.pulled_at, cx.now);
    let index = UserIndex::of(cx.store, Some(&image.repository));
    users::section(&mut page, &index.get(&image.arn), cx.store);
    children(&mut page, image, cx.store);
    scan_section(&mut page, image, cx);
    Some(page)
}

/// Adds the images of an index.
fn children(page: &mut Page, image: &Image, store: &Store) {
    if !image.is_index() {
        return;
    }
    page.heading("Its images");
    let query = Query::Manifest {
        image: image.arn.clone(),
    };
    match store.manifest(&image.arn) {
        Some(manifest) if is_index(&manifest.media_type) => {
            for child in &manifest.children {
                let label = child.platform.as_deref().unwrap_or("no platform");
                page.field(label, child.digest.clone());
            }
        }
        Some(_) => page.toned("", "ECR gave the manifest of another image", Tone::Warn),
        None => {
            let asking = "ECR is asked for them".to_owned();
            let says = drift::missing(&query, store).unwrap_or(asking);
            page.toned("", says, Tone::Muted);
        }
    }
}

fn scan_section(page: &mut Page, image: &Image, cx: &Cx) {
    page.heading("Scan");
    let query = Query::Findings {
        image: image.arn.clone(),
    };
    if let Some(scan) = scan(image, cx.store) {
        page.toned("findings", scan_words(scan), scan_tone(scan));
        page.maybe("status", Some(&scan.status));
        page.maybe("reason", scan.reason.as_deref());
        page.time("completed", scan.completed_at, cx.now);
    } else if image.is_index() {
        page.toned("", "scans are of the images of an index", Tone::Muted);
    } else if cx.store.has_findings(&image.arn) {
        page.toned("", "it was never scanned", Tone::Muted);
    } else if drift::missing(&query, cx.store).is_none() {
        page.toned("", "not known", Tone::Muted);
    }
    if let Some(why) = drift::missing(&query, cx.store) {
        page.toned("", why, Tone::Muted);
    }
}

/// The image that a tag points to, as far as that is known.
pub(super) fn of_tag<'a>(tag: &Arn, store: &'a Store) -> Option<&'a Arc<Image>> {
    store.image(store.image_of_tag(tag)?)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(None, "in progress", Tone::Muted)]
    #[case(Some(&[][..]), "no findings", Tone::Ok)]
    #[case(Some(&[("LOW", 3)][..]), "3 low", Tone::Plain)]
    #[case(Some(&[("HIGH", 2), ("LOW", 3)][..]), "2 high, 3 low", Tone::Warn)]
    #[case(Some(&[("CRITICAL", 1), ("HIGH", 2)][..]), "1 critical, 2 high", Tone::Error)]
    fn scans_are_told_by_their_gravest(
        #[case] counts: Option<&[(&str, i32)]>,
        #[case] words: &str,
        #[case] tone: Tone,
    ) {
        let own = |(name, count): &(&str, i32)| ((*name).to_owned(), *count);
        let scan = Scan {
            status: "IN_PROGRESS".to_owned(),
            counts: counts.map(|counts| counts.iter().map(own).collect()),
            ..Scan::default()
        };
        assert_eq!(scan_cell(&scan), Cell::new(words.to_owned(), tone));
    }

    #[test]
    fn one_critical_finding_weighs_more_than_any_number_of_others() {
        let scan = |counts: &[(&str, i32)]| {
            let own = |(name, count): &(&str, i32)| ((*name).to_owned(), *count);
            scan_key(&Scan {
                counts: Some(counts.iter().map(own).collect()),
                ..Scan::default()
            })
        };
        let grave = scan(&[("CRITICAL", 1)]);
        assert!(grave.compare(&scan(&[("HIGH", 5_000)]), false).is_lt());
        assert!(grave.compare(&scan(&[]), false).is_lt());
    }
}
