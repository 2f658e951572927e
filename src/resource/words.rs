//! Words that several views share: sizes, ages, launch types, images, strategies, tags.

use super::{Cell, Cx, Page, SortKey, Tone};
use crate::model::{Arn, StrategyItem, Tag, Timestamp, age};

/// Writes one item of a capacity provider strategy: `FARGATE_SPOT weight 3 base 1`.
pub(super) fn strategy_item(item: &StrategyItem) -> String {
    format!(
        "{} weight {} base {}",
        item.provider, item.weight, item.base
    )
}

/// Writes a section of names and values, nothing if there are none.
pub(super) fn pairs(page: &mut Page, heading: &'static str, tags: &[Tag]) {
    if tags.is_empty() {
        return;
    }
    page.heading(heading);
    for tag in tags {
        page.field(&tag.key, tag.value.clone());
    }
}

/// What carries a service or a deployment: its launch type, or else the providers of its strategy. The pair that most
/// have reads `FARGATE+SPOT`.
pub(super) fn launch(launch_type: Option<&str>, strategy: &[StrategyItem]) -> Option<String> {
    if !strategy.is_empty() {
        let providers: Vec<_> = strategy.iter().map(|item| item.provider.as_str()).collect();
        return Some(
            providers
                .join("+")
                .replace("FARGATE+FARGATE_SPOT", "FARGATE+SPOT"),
        );
    }
    launch_type.map(str::to_owned)
}

/// Writes MiB as MiB or GiB: `512 MiB`, `2 GiB`, `1.5 GiB`.
pub(super) fn mebibytes(mebibytes: i64) -> String {
    if mebibytes < 1024 {
        return format!("{mebibytes} MiB");
    }
    match mebibytes * 10 / 1024 {
        tenths if tenths % 10 == 0 => format!("{} GiB", tenths / 10),
        tenths => format!("{}.{} GiB", tenths / 10, tenths % 10),
    }
}

/// Writes a size that a task definition keeps as text: a number counts MiB, anything else stays as it is.
pub(super) fn memory_text(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), mebibytes)
}

/// Writes CPU units with the cores they stand for: `256 units (0.25 vCPU)`.
pub(super) fn cpu_units(units: i64) -> String {
    let thousandths = (units * 1000 + 512) / 1024;
    let (cores, part) = (thousandths / 1000, thousandths % 1000);
    if part % 10 == 0 {
        format!("{units} units ({cores}.{:02} vCPU)", part / 10)
    } else {
        format!("{units} units ({cores}.{part:03} vCPU)")
    }
}

/// Writes CPU that a task definition keeps as text: a number counts units, anything else stays as it is.
pub(super) fn cpu_text(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), cpu_units)
}

/// An age, or the mark of absence.
pub(super) fn age_cell(at: Option<Timestamp>, cx: &Cx) -> Cell {
    at.map_or_else(Cell::absent, |at| Cell::muted(age(cx.now.wall.since(at))))
}

/// What an age is sorted by: the youngest first.
pub(super) fn age_key(at: Option<Timestamp>) -> SortKey {
    at.map_or(SortKey::Absent, |at| SortKey::Number(at.0.saturating_neg()))
}

/// Writes `family:revision`, or the mark of absence.
pub(super) fn revision_cell(definition: Option<&Arn>) -> Cell {
    Cell::maybe(definition.map(Arn::name))
}

/// What `family:revision` is sorted by: the family, then the number of the revision.
pub(super) fn revision_key(definition: Option<&Arn>) -> SortKey {
    definition.map_or(SortKey::Absent, |arn| {
        let revision = arn.revision().unwrap_or(0);
        SortKey::text(&format!("{}:{revision:010}", arn.family()))
    })
}

/// Writes an image without its registry's host, a digest shortened: `shop/web:1.5.1`, `shop/web@9f86d081884c`.
pub(super) fn image(image: &str) -> String {
    let path = match image.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => path,
        _ => image,
    };
    match path.split_once("@sha256:") {
        Some((name, digest)) => format!("{name}@{}", digest.get(..12).unwrap_or(digest)),
        None => path.to_owned(),
    }
}

/// The cell of a health check's verdict, `HEALTHY`, `UNHEALTHY`, or `-` where nothing checks.
pub(super) fn verdict_cell(verdict: &str) -> Cell {
    match verdict {
        "HEALTHY" => Cell::new("HEALTHY", Tone::Ok),
        "UNHEALTHY" => Cell::new("UNHEALTHY", Tone::Error),
        "UNKNOWN" | "" => Cell::absent(),
        other => Cell::new(other.to_owned(), Tone::Unknown),
    }
}

/// A health check's verdict in the words of a page, where there is room to say what no verdict means.
pub(super) fn verdict_words(verdict: &str) -> String {
    match verdict {
        "UNKNOWN" | "" => "UNKNOWN (no health check, or no verdict yet)".to_owned(),
        other => other.to_owned(),
    }
}

/// What part of a whole is in use, in percent; none of nothing.
pub(super) fn percent(used: i64, total: i64) -> Option<i64> {
    (total > 0).then(|| used.max(0) * 100 / total)
}

/// Writes a number of things: `1 task`, `3 tasks`.
#[must_use]
pub fn count(number: impl Into<i64>, noun: &str) -> String {
    let number = number.into();
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Adds a yes or a no.
pub(super) fn yes_no(page: &mut Page, label: &str, yes: bool) {
    page.field(label, if yes { "yes" } else { "no" });
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(0, "0 MiB")]
    #[case(512, "512 MiB")]
    #[case(1024, "1 GiB")]
    #[case(1536, "1.5 GiB")]
    #[case(393_216, "384 GiB")]
    fn sizes_are_short(#[case] size: i64, #[case] text: &str) {
        assert_eq!(mebibytes(size), text);
    }

    #[rstest]
    #[case("256", "256 units (0.25 vCPU)")]
    #[case(".5 vCPU", ".5 vCPU")]
    #[case("2048", "2048 units (2.00 vCPU)")]
    #[case("128", "128 units (0.125 vCPU)")]
    #[case("50", "50 units (0.049 vCPU)")]
    fn cpu_is_units_or_as_written(#[case] written: &str, #[case] text: &str) {
        assert_eq!(cpu_text(written), text);
    }

    #[rstest]
    #[case("nginx", "nginx")]
    #[case("library/nginx:1.27", "library/nginx:1.27")]
    #[case(
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1.5.1",
        "shop/web:1.5.1"
    )]
    #[case("localhost:5000/web:1", "web:1")]
    #[case("localhost/web", "web")]
    #[case(
        "ghcr.io/shop/web@sha256:9f86d081884c7d659a2feaa0c55ad015",
        "shop/web@9f86d081884c"
    )]
    #[case("", "")]
    fn images_lose_their_host(#[case] full: &str, #[case] short: &str) {
        assert_eq!(image(full), short);
    }

    #[test]
    fn revisions_sort_by_number() {
        let key = |name: &str| revision_key(Some(&Arn::new(name)));
        let nine = key("arn:aws:ecs:r:1:task-definition/web:9");
        let ten = key("arn:aws:ecs:r:1:task-definition/web:10");
        assert!(nine.compare(&ten, false).is_lt());
    }

    #[test]
    fn a_strategy_is_named_before_a_launch_type() {
        let item = |provider: &str| StrategyItem {
            provider: provider.to_owned(),
            weight: 1,
            base: 0,
        };
        let strategy = [item("FARGATE"), item("FARGATE_SPOT")];
        assert_eq!(
            launch(Some("EC2"), &strategy).as_deref(),
            Some("FARGATE+SPOT")
        );
        assert_eq!(launch(Some("EC2"), &[]).as_deref(), Some("EC2"));
        assert_eq!(launch(None, &[]), None);
    }
}
