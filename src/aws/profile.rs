//! Profiles of the shared files: whether the one asked for exists, and what is to be known of it beforehand.

use aws_config::profile::ProfileSet;

use crate::model::{Fault, FaultKind};

/// How alike two names must be, 0 to 1, for one to be offered in place of the other.
const ALIKE: f64 = 0.75;

/// How many names a hint lists at most.
const LISTED: usize = 12;

/// What is known of the profile in use before anything is asked with it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Profile {
    /// Its name; `None` where neither settings nor `AWS_PROFILE` name one and there is no `default`.
    pub(super) name: Option<String>,
    /// Whether it has an `mfa_serial`, which the SDK does not support.
    pub(super) wants_mfa: bool,
    /// Whether its credentials come from a sign-in with `aws sso login`.
    pub(super) signs_in: bool,
}

/// The profile in use: the given one or that of `AWS_PROFILE`.
///
/// # Errors
/// The shared files cannot be parsed, or the profile, or one that it is built on, is in none of them.
pub(super) async fn check(named: Option<&str>) -> Result<Profile, Fault> {
    let files = load_files().await?;
    let mut known: Vec<_> = files.profiles().collect();
    known.sort_unstable();
    let name = choose(named, files.selected_profile(), &known)?;
    let property = |profile: &str, key: &str| {
        files
            .get_profile(profile)
            .and_then(|profile| profile.get(key))
            .map(str::to_owned)
    };
    if let Some(name) = &name {
        trace_sources(name, &known, |profile| property(profile, "source_profile"))?;
    }
    let has = |key: &str| {
        name.as_deref()
            .is_some_and(|name| property(name, key).is_some())
    };
    Ok(Profile {
        wants_mfa: has("mfa_serial"),
        signs_in: has("sso_session") || has("sso_start_url"),
        name,
    })
}

/// The names of all profiles of the shared files, in order; none if the files cannot be read.
pub async fn profiles() -> Vec<String> {
    let files = load_files().await;
    let files = files.as_ref().map(ProfileSet::profiles).into_iter();
    let mut names: Vec<String> = files.flatten().map(str::to_owned).collect();
    names.sort_unstable();
    names
}

/// Follows `source_profile` from one profile to the next. The SDK takes a missing one for a lack of credentials and
/// goes on to the machine's role, which is not what was asked for.
fn trace_sources(
    name: &str,
    known: &[&str],
    source_of: impl Fn(&str) -> Option<String>,
) -> Result<(), Fault> {
    let mut current = name.to_owned();
    for _ in 0..known.len() {
        let Some(next) = source_of(&current).filter(|next| *next != current) else {
            return Ok(());
        };
        if !known.contains(&&*next) {
            return Err(Fault {
                kind: FaultKind::Unconfigured,
                op: "connect".to_owned(),
                message: format!(
                    "profile {current} is built on profile {next}, which there is not"
                ),
                hint: format!("correct source_profile of {current} in ~/.aws/config"),
            });
        }
        current = next;
    }
    Ok(())
}

#[expect(
    clippy::default_trait_access,
    reason = "the types are internals of the SDK that it does not export for naming"
)]
async fn load_files() -> Result<ProfileSet, Fault> {
    aws_config::profile::load(
        &Default::default(),
        &Default::default(),
        &Default::default(),
        None,
    )
    .await
    .map_err(|error| Fault {
        kind: FaultKind::Unconfigured,
        op: "connect".to_owned(),
        message: format!("the AWS configuration files cannot be read: {}", {
            let error: &dyn std::error::Error = &error;
            error
                .source()
                .map_or_else(|| error.to_string(), ToString::to_string)
        }),
        hint: "correct ~/.aws/config or ~/.aws/credentials".to_owned(),
    })
}

/// `selected` is what the files' loader took from `AWS_PROFILE`, or `default`.
fn choose(named: Option<&str>, selected: &str, known: &[&str]) -> Result<Option<String>, Fault> {
    let wanted = named.unwrap_or(selected);
    if known.contains(&wanted) {
        return Ok(Some(wanted.to_owned()));
    }
    if named.is_none() && wanted == "default" {
        return Ok(None);
    }
    Err(Fault {
        kind: FaultKind::Unconfigured,
        op: "connect".to_owned(),
        message: format!(
            "there is no profile {wanted} in the AWS configuration and credentials files"
        ),
        hint: match near(wanted, known).as_slice() {
            [] if known.is_empty() => "run: aws configure".to_owned(),
            [] => format!("the profiles are {}", listed(known)),
            alike => format!("did you mean {}?", alike.join(" or ")),
        },
    })
}

fn listed(names: &[&str]) -> String {
    let first = names.iter().take(LISTED).copied().collect::<Vec<_>>();
    let more = names.len().saturating_sub(LISTED);
    if more == 0 {
        first.join(", ")
    } else {
        format!("{} and {more} more", first.join(", "))
    }
}

/// Up to three names much like the wanted one, the closest first.
fn near<'a>(wanted: &str, known: &[&'a str]) -> Vec<&'a str> {
    let mut scored: Vec<_> = known
        .iter()
        .map(|name| (strsim::jaro_winkler(wanted, name), *name))
        .filter(|(score, _)| *score >= ALIKE)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn the_flag_wins_over_the_environment() {
        let known = ["default", "dev", "prod"];
        assert_eq!(
            choose(Some("prod"), "dev", &known).unwrap().as_deref(),
            Some("prod")
        );
        assert_eq!(choose(None, "dev", &known).unwrap().as_deref(), Some("dev"));
    }

    #[test]
    fn without_files_and_names_there_is_no_profile() {
        assert_eq!(choose(None, "default", &[]).unwrap(), None);
    }

    #[test]
    fn an_unknown_profile_is_answered_with_near_names() {
        let fault = choose(Some("prdo"), "default", &["dev", "prod", "production"]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unconfigured);
        assert!(fault.message.contains("prdo"));
        assert!(
            fault.hint.starts_with("did you mean prod"),
            "{}",
            fault.hint
        );
    }

    #[test]
    fn a_source_profile_that_is_not_there_is_named() {
        let source = |profile: &str| match profile {
            "prod" => Some("base".to_owned()),
            "base" => Some("gone".to_owned()),
            "ring" => Some("gnir".to_owned()),
            "gnir" => Some("ring".to_owned()),
            "own" => Some("own".to_owned()),
            _ => None,
        };
        let known = ["base", "gnir", "own", "prod", "ring"];
        let fault = trace_sources("prod", &known, source).unwrap_err();
        assert!(fault.message.contains("base") && fault.message.contains("gone"));
        for name in ["own", "ring"] {
            assert_eq!(trace_sources(name, &known, source), Ok(()));
        }
    }

    #[test]
    fn long_lists_of_profiles_are_cut() {
        let names: Vec<_> = (0..20).map(|number| format!("p{number:02}")).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert!(listed(&names).ends_with("p11 and 8 more"));
    }

    #[test]
    fn an_unknown_profile_unlike_any_other_is_answered_with_all() {
        let fault = choose(None, "zzz", &["dev", "prod"]).unwrap_err();
        assert_eq!(fault.hint, "the profiles are dev, prod");
        let fault = choose(Some("zzz"), "default", &[]).unwrap_err();
        assert_eq!(fault.hint, "run: aws configure");
    }
}
