//! Profiles of the shared files: whether the one asked for exists, and what is to be known of it beforehand.

use aws_config::profile::ProfileSet;

use crate::model::{Fault, FaultKind, KnownProfile};

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
    /// The command that signs in, if its credentials come from a sign-in: `aws sso login --profile prod`.
    pub(super) sign_in: Option<String>,
    /// Whether its credentials come from a command of its own.
    pub(super) runs_process: bool,
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
    // What a role is assumed with decides how it is renewed.
    let chain = name.as_deref().map_or_else(Vec::new, |name| {
        trail(name, known.len(), |profile| {
            property(profile, "source_profile")
        })
    });
    let has =
        |profile: &String, keys: &[&str]| keys.iter().any(|key| property(profile, key).is_some());
    let sign_in = chain.iter().find_map(|profile| {
        if has(profile, &["sso_session", "sso_start_url"]) {
            Some(format!("aws sso login --profile {profile}"))
        } else if has(profile, &["login_session"]) {
            Some(format!("aws login --profile {profile}"))
        } else {
            None
        }
    });
    Ok(Profile {
        wants_mfa: chain.iter().any(|profile| has(profile, &["mfa_serial"])),
        sign_in,
        runs_process: chain
            .iter()
            .any(|profile| has(profile, &["credential_process"])),
        name,
    })
}

/// A profile, the one it is built on, and so on; at most so many further ones, since they may go round in circles.
fn trail(name: &str, most: usize, source_of: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let next = |profile: &String| source_of(profile).filter(|next| next != profile);
    std::iter::successors(Some(name.to_owned()), next)
        .take(most + 1)
        .collect()
}

/// The profiles of the shared files by name, with the region of each and where its credentials come from. Nothing of it
/// is secret: keys are not told, nor commands.
///
/// # Errors
/// The shared files cannot be parsed.
pub async fn profiles() -> Result<Vec<KnownProfile>, Fault> {
    let files = load_files().await?;
    let mut names: Vec<_> = files.profiles().collect();
    names.sort_unstable();
    let known = names.into_iter().map(|name| {
        let get = |key: &str| files.get_profile(name).and_then(|profile| profile.get(key));
        KnownProfile {
            name: name.to_owned(),
            region: get("region").map(str::to_owned),
            source: source(get),
        }
    });
    Ok(known.collect())
}

/// Where the credentials of a profile come from, in the order in which the SDK looks.
fn source<'a>(get: impl Fn(&str) -> Option<&'a str>) -> String {
    let role = get("role_arn").map(|arn| arn.rsplit('/').next().unwrap_or(arn));
    if let Some(role) = role {
        let mut text = format!("role {role}");
        if get("web_identity_token_file").is_some() {
            text.push_str(" by web identity");
        } else if let Some(of) = get("source_profile").or_else(|| get("credential_source")) {
            text.push_str(&format!(" by {of}"));
        }
        if get("mfa_serial").is_some() {
            text.push_str(", wants an MFA code");
        }
        return text;
    }
    let session = get("sso_session").or_else(|| get("sso_start_url"));
    if session.is_some() {
        let parts = [get("sso_role_name"), get("sso_account_id")];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        return format!("sso {}", parts.join(" of ")).trim_end().to_owned();
    }
    let kinds = [
        ("login_session", "console sign-in"),
        ("credential_process", "a command of its own"),
        ("aws_access_key_id", "keys"),
    ];
    let found = kinds.iter().find(|(key, _)| get(key).is_some());
    found.map_or("", |(_, words)| words).to_owned()
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
    fn where_credentials_come_from_is_told_without_secrets() {
        let told = |given: &[(&'static str, &'static str)]| {
            let given = given.to_vec();
            source(move |key| {
                let found = given.iter().find(|(name, _)| *name == key);
                found.map(|(_, value)| *value)
            })
        };
        let keys = [
            ("aws_access_key_id", "AKIA"),
            ("aws_secret_access_key", "secret"),
        ];
        assert_eq!(told(&keys), "keys");
        let role = [
            ("role_arn", "arn:aws:iam::123456789012:role/team/ops"),
            ("source_profile", "base"),
            ("mfa_serial", "arn:aws:iam::123456789012:mfa/kim"),
        ];
        assert_eq!(told(&role), "role ops by base, wants an MFA code");
        let sso = [
            ("sso_session", "corp"),
            ("sso_role_name", "Reader"),
            ("sso_account_id", "123456789012"),
        ];
        assert_eq!(told(&sso), "sso Reader of 123456789012");
        assert_eq!(
            told(&[("credential_process", "get --token x")]),
            "a command of its own"
        );
        assert_eq!(told(&[]), "");
    }

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
        assert_eq!(trail("prod", 5, source), ["prod", "base", "gone"]);
        assert_eq!(trail("ring", 1, source), ["ring", "gnir"]);
        assert_eq!(trail("own", 5, source), ["own"]);
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
