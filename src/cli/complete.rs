//! Values that a shell can complete: from the files of AWS tools, the configuration, and what the last session kept.
//! Nothing is asked over a network.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
    fs,
    path::PathBuf,
};

use clap_complete::engine::CompletionCandidate;

use crate::{
    aws,
    config::{Config, Flags},
    report::Kind,
    runtime::Cache,
    theme::Theme,
};

/// The variable by which a shell's script says that it wants completions.
pub(super) const VARIABLE: &str = "ECSIGHT_COMPLETE";

/// The regions of AWS in which there is ECS (AWS General Reference, "Amazon ECS endpoints and quotas").
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// What was typed so far, as far as it says where to look.
#[derive(Debug, Default, PartialEq)]
struct Typed {
    flags: Flags,
    cluster: Option<String>,
    kind: Option<Kind>,
}

impl Typed {
    /// The words behind the `--` that the scripts put before the line.
    fn of_process() -> Self {
        let words = std::env::args_os().skip_while(|word| word != "--").skip(2);
        Self::parse(words)
    }

    fn parse(words: impl Iterator<Item = OsString>) -> Self {
        let mut typed = Self::default();
        let mut words = words.filter_map(|word| word.into_string().ok());
        while let Some(word) = words.next() {
            let (name, joined) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value.to_owned())),
                _ => (word.as_str(), None),
            };
            let place = match name {
                "-p" | "--profile" => &mut typed.flags.profile,
                "-r" | "--region" => &mut typed.flags.region,
                "--endpoint-url" => &mut typed.flags.endpoint_url,
                "-c" | "--cluster" => &mut typed.cluster,
                "--config" => {
                    typed.flags.config = joined.or_else(|| words.next()).map(PathBuf::from);
                    continue;
                }
                word => {
                    typed.kind = typed.kind.or_else(|| Kind::find(word));
                    continue;
                }
            };
            // A value that is not there yet is the one to be completed.
            *place = joined
                .or_else(|| words.next())
                .filter(|value| !value.is_empty());
        }
        typed
    }

    fn config(&self) -> Option<Config> {
        Config::load(&self.flags, super::variable).ok()
    }

    /// The clusters and their services that the last session kept, if it kept something of this place.
    fn names(&self) -> Vec<(String, Vec<String>)> {
        let config = self.config();
        let cache = config.and_then(|config| Cache::of(&config, super::variable));
        cache.map(|cache| cache.names()).unwrap_or_default()
    }

    /// The services among them: those of the cluster that is named, or all, each behind its cluster.
    fn services(&self) -> Vec<String> {
        let named = self.names().into_iter().flat_map(|(cluster, services)| {
            let alone = self.cluster.as_ref() == Some(&cluster);
            let taken = self.cluster.is_none() || alone;
            let services = services.into_iter().filter(move |_| taken);
            let full = move |service: String| {
                if alone {
                    service
                } else {
                    format!("{cluster}/{service}")
                }
            };
            services.map(full).collect::<Vec<_>>()
        });
        named.collect()
    }
}

/// Those that begin with what is written, in order. Names that a shell could take for more than a name are left out.
fn candidates(
    current: &OsStr,
    names: impl IntoIterator<Item = String>,
) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let is_plain = |name: &String| {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:@+,".contains(letter);
        !name.is_empty() && name.chars().all(plain)
    };
    let fitting = names
        .into_iter()
        .filter(|name| name.starts_with(&*current) && is_plain(name));
    let fitting: BTreeSet<String> = fitting.collect();
    fitting.into_iter().map(CompletionCandidate::new).collect()
}

/// The profiles of the files of AWS tools.
pub(super) fn profiles(current: &OsStr) -> Vec<CompletionCandidate> {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let names = runtime.map(|runtime| runtime.block_on(aws::profiles()));
    let names = names.ok().and_then(Result::ok).unwrap_or_default();
    candidates(current, names.into_iter().map(|known| known.name))
}

/// The regions of AWS; the last one of several that are written.
pub(super) fn regions(current: &OsStr) -> Vec<CompletionCandidate> {
    let written = current.to_string_lossy();
    let before = written.rfind(',').map_or("", |comma| &written[..=comma]);
    candidates(
        current,
        REGIONS.iter().map(|&name| format!("{before}{name}")),
    )
}

/// The themes, built in and of the user.
pub(super) fn themes(current: &OsStr) -> Vec<CompletionCandidate> {
    let folder = Typed::of_process()
        .config()
        .map(|config| config.paths.themes);
    let files = folder
        .into_iter()
        .flat_map(fs::read_dir)
        .flatten()
        .flatten();
    let own = files.filter_map(|file| {
        let path = file.path();
        let is_theme = path.extension().is_some_and(|end| end == "toml");
        let name = path.file_stem()?.to_str()?.to_owned();
        is_theme.then_some(name)
    });
    let built_in = Theme::names().into_iter().map(str::to_owned);
    candidates(current, built_in.chain(own))
}

/// The clusters that the last session kept.
pub(super) fn clusters(current: &OsStr) -> Vec<CompletionCandidate> {
    let names = Typed::of_process().names();
    candidates(current, names.into_iter().map(|(cluster, _)| cluster))
}

/// The services that the last session kept: of the cluster that is named, or of all, each behind its cluster.
pub(super) fn services(current: &OsStr) -> Vec<CompletionCandidate> {
    candidates(current, Typed::of_process().services())
}

/// What may be listed by name.
pub(super) fn things(current: &OsStr) -> Vec<CompletionCandidate> {
    match Typed::of_process().kind {
        Some(Kind::Clusters) => clusters(current),
        Some(Kind::Services | Kind::Events) => services(current),
        _ => Vec::new(),
    }
}

/// The columns that the kind can be sorted by, as they are typed.
pub(super) fn columns(current: &OsStr) -> Vec<CompletionCandidate> {
    let kind = Typed::of_process().kind;
    let columns = kind.map(Kind::columns).unwrap_or_default();
    candidates(
        current,
        columns.into_iter().map(|name| name.replace(' ', "-")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(line: &str) -> Typed {
        Typed::parse(line.split(' ').map(OsString::from))
    }

    fn values(current: &str, names: &[&str]) -> Vec<String> {
        let names = names.iter().map(|&name| name.to_owned());
        candidates(OsStr::new(current), names)
            .iter()
            .map(|one| one.get_value().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn the_line_says_where_to_look() {
        let line = typed("get svc --profile one -r eu-west-1 --cluster=web --config a.toml -s ");
        assert_eq!(line.flags.profile.as_deref(), Some("one"));
        assert_eq!(line.flags.region.as_deref(), Some("eu-west-1"));
        assert_eq!(line.flags.config, Some(PathBuf::from("a.toml")));
        assert_eq!(line.cluster.as_deref(), Some("web"));
        assert_eq!(line.kind, Some(Kind::Services));
        assert_eq!(typed("--profile "), Typed::default());
    }

    #[test]
    fn names_that_a_shell_could_take_for_more_are_left_out() {
        let names = [
            "api",
            "api",
            "app",
            "a$(date)",
            "a;b",
            "a b",
            "a\u{202e}",
            "web",
        ];
        assert_eq!(values("a", &names), ["api", "app"]);
    }

    #[test]
    fn regions_are_in_order_and_once() {
        assert!(REGIONS.is_sorted());
        assert_eq!(
            values("eu-west", REGIONS),
            ["eu-west-1", "eu-west-2", "eu-west-3"]
        );
    }
}
