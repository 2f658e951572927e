//! What the user set: built-in defaults, then the file, then variables, then flags, each value with its origin. What
//! the settings do is not known here.

mod engines;
mod file;
mod log;
mod paths;
mod pattern;
mod report;
mod setting;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

pub use engines::{EngineHost, Engines};
pub use log::{LOG_VARIABLE, LogError, start as start_log};
pub use paths::Paths;
pub use pattern::Pattern;
pub use setting::{Origin, Setting};

use crate::theme::{ColorChoice, DEFAULT_THEME, Depth, Theme, ThemeError};

/// The variable that names another configuration file.
pub const CONFIG_VARIABLE: &str = "ECSIGHT_CONFIG";

/// All settings, effective and checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The profile of the AWS configuration; hand [`Setting::for_sdk`] to the SDK.
    pub profile: Setting<Option<String>>,
    /// The AWS region; hand [`Setting::for_sdk`] to the SDK.
    pub region: Setting<Option<String>>,
    /// The endpoint called instead of AWS; hand [`Setting::for_sdk`] to the SDK.
    pub endpoint_url: Setting<Option<String>>,
    /// Whether every change is refused.
    pub readonly: Setting<bool>,
    /// The accounts and profiles where every change is refused; ask [`Config::is_readonly`].
    pub readonly_accounts: Setting<Vec<Pattern>>,
    /// Accounts, profiles and clusters where a change asks for the name of its target.
    pub protected: Setting<Vec<Pattern>>,
    /// The name of the theme, which exists.
    pub theme: Setting<String>,
    /// How many colours.
    pub color: Setting<ColorChoice>,
    /// Whether to draw with ASCII only.
    pub ascii: Setting<bool>,
    /// Whether to take the mouse.
    pub mouse: Setting<bool>,
    /// Whether what is known is kept on the disk for the next start.
    pub cache: Setting<bool>,
    /// Whether the whole account is asked for in the background.
    pub crawl: Setting<bool>,
    /// How often to fetch.
    pub refresh: Refresh,
    /// How much of AWS's limits to use.
    pub budget: Budget,
    /// Which accounts are production, staging and development; ask [`Config::environment`].
    pub env: Environments,
    /// Which Docker Engines are used.
    pub engines: Engines,
    /// Keys for commands, by command id; an empty list unbinds. Ids and keys are not checked here.
    pub keys: BTreeMap<String, Setting<Vec<String>>>,
    /// Where files are.
    pub paths: Paths,
}

/// How often to fetch what is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Refresh {
    /// Seconds between fetches of what is on the screen.
    pub visible_seconds: Setting<u32>,
    /// The same while a deployment is rolling out.
    pub rollout_seconds: Setting<u32>,
    /// The same while the terminal is not focused.
    pub unfocused_seconds: Setting<u32>,
    /// Minutes without a key before fetching stops; 0 for never. Ask [`Refresh::pause_after`].
    pub pause_after_minutes: Setting<u32>,
}

impl Refresh {
    /// How long without a key before fetching stops; `None` for never.
    #[must_use]
    pub fn pause_after(&self) -> Option<Duration> {
        let minutes = u64::from(*self.pause_after_minutes);
        (minutes > 0).then(|| Duration::from_mins(minutes))
    }
}

/// The shares of AWS's limits on calls to use, above 0 and at most 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// Of the burst: calls at once.
    pub burst: Setting<f64>,
    /// Of the refill: calls per second in the long run.
    pub refill: Setting<f64>,
}

/// Which accounts belong to which environment.
#[derive(Debug, Clone, PartialEq)]
pub struct Environments {
    /// Production.
    pub prod: Setting<Vec<Pattern>>,
    /// Staging.
    pub staging: Setting<Vec<Pattern>>,
    /// Development.
    pub dev: Setting<Vec<Pattern>>,
}

/// The environment an account belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Environment {
    /// Production.
    Prod,
    /// Staging.
    Staging,
    /// Development.
    Dev,
}

/// What the command line says; the rest stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct Flags {
    /// `--config`: the configuration file.
    pub config: Option<PathBuf>,
    /// `--profile`.
    pub profile: Option<String>,
    /// `--region`.
    pub region: Option<String>,
    /// `--endpoint-url`.
    pub endpoint_url: Option<String>,
    /// `--readonly`.
    pub readonly: bool,
    /// `--theme`.
    pub theme: Option<String>,
    /// `--color`.
    pub color: Option<ColorChoice>,
    /// `--ascii`.
    pub ascii: bool,
    /// `--mouse`.
    pub mouse: bool,
    /// `--no-cache`.
    pub no_cache: bool,
}

impl Flags {
    /// The keys that flags set, with their values as text.
    fn given(&self) -> impl Iterator<Item = (&'static str, String)> {
        let switch = |on: bool| on.then(|| "true".to_owned());
        [
            ("profile", self.profile.clone()),
            ("region", self.region.clone()),
            ("endpoint_url", self.endpoint_url.clone()),
            ("readonly", switch(self.readonly)),
            ("theme", self.theme.clone()),
            ("color", self.color.map(|choice| choice.to_string())),
            ("ascii", switch(self.ascii)),
            ("mouse", switch(self.mouse)),
            ("cache", self.no_cache.then(|| "false".to_owned())),
        ]
        .into_iter()
        .filter_map(|(path, text)| Some((path, text?)))
    }
}

/// Why the settings cannot be used. Each message says where, what and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value or a key is wrong.
    #[error("{origin}: {message}")]
    Invalid {
        /// Where it was set.
        origin: Origin,
        /// What is wrong and what to write instead.
        message: String,
    },
    /// The theme is missing or wrong.
    #[error("{origin}: {source}")]
    Theme {
        /// Where it was chosen.
        origin: Origin,
        /// What is wrong with it.
        source: ThemeError,
    },
    /// The file cannot be read.
    #[error("configuration file {path} cannot be read: {source}; see `ecsight config --example`", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing says where the user's files are.
    #[error("the home folder is unknown; set HOME to an absolute path")]
    Homeless,
}

impl Config {
    /// The built-in defaults.
    #[must_use]
    pub fn defaults(paths: Paths) -> Self {
        // The patterns are constants; one that is refused would only be left out, which a test would see.
        let patterns = |list: &[&str]| {
            let patterns = list.iter().filter_map(|text| Pattern::new(text).ok());
            Setting::default(patterns.collect::<Vec<_>>())
        };
        Self {
            profile: Setting::default(None),
            region: Setting::default(None),
            endpoint_url: Setting::default(None),
            readonly: Setting::default(false),
            readonly_accounts: patterns(&[]),
            protected: patterns(&["prod*"]),
            theme: Setting::default(DEFAULT_THEME.to_owned()),
            color: Setting::default(ColorChoice::Auto),
            ascii: Setting::default(false),
            mouse: Setting::default(false),
            cache: Setting::default(true),
            crawl: Setting::default(true),
            refresh: Refresh {
                visible_seconds: Setting::default(5),
                rollout_seconds: Setting::default(3),
                unfocused_seconds: Setting::default(30),
                pause_after_minutes: Setting::default(15),
            },
            budget: Budget {
                burst: Setting::default(0.5),
                refill: Setting::default(0.25),
            },
            env: Environments {
                prod: patterns(&["prod*"]),
                staging: patterns(&["stag*"]),
                dev: patterns(&["dev*"]),
            },
            engines: Engines {
                local: Setting::default(true),
                hosts: Vec::new(),
            },
            keys: BTreeMap::new(),
            paths,
        }
    }

    /// The settings of this user; `variable` looks an environment variable up.
    ///
    /// # Errors
    /// When a file cannot be read, or anything set in it, in a variable or by a flag is wrong.
    pub fn load(
        flags: &Flags,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let paths = Paths::of_user().ok_or(ConfigError::Homeless)?;
        Self::load_from(paths, flags, variable)
    }

    /// As [`Config::load`], with files in given places.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_from(
        mut paths: Paths,
        flags: &Flags,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        // An empty variable is as good as none.
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let named = flags.config.clone();
        let named = named.or_else(|| variable(CONFIG_VARIABLE).map(PathBuf::from));
        let must_exist = named.is_some();
        if let Some(path) = named {
            paths.config_file = path;
        }
        let mut config = Self::defaults(paths);
        if let Some(text) = read(&config.paths.config_file, must_exist)? {
            let path = config.paths.config_file.clone();
            config.apply_file(&text, &path)?;
        }
        config.apply_variables(variable)?;
        config.apply_flags(flags)?;
        config.check_theme()?;
        Ok(config)
    }

    /// Whether changes are refused in an account, by the account or by the profile.
    #[must_use]
    pub fn is_readonly(&self, account: Option<&str>, profile: Option<&str>) -> bool {
        *self.readonly || any(&self.readonly_accounts, account, profile)
    }

    /// The environment of an account; where several fit, the one that needs the most care.
    #[must_use]
    pub fn environment(&self, account: Option<&str>, profile: Option<&str>) -> Option<Environment> {
        [
            (&self.env.prod, Environment::Prod),
            (&self.env.staging, Environment::Staging),
            (&self.env.dev, Environment::Dev),
        ]
        .into_iter()
        .find(|(patterns, _)| any(patterns, account, profile))
        .map(|(_, environment)| environment)
    }

    /// The keys that were set for commands, without their origins.
    #[must_use]
    pub fn key_overrides(&self) -> BTreeMap<String, Vec<String>> {
        self.keys
            .iter()
            .map(|(command, keys)| (command.clone(), keys.to_vec()))
            .collect()
    }

    fn apply_variables(
        &mut self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<(), ConfigError> {
        for key in table::KEYS {
            let set = key
                .variables
                .iter()
                .find_map(|name| Some((*name, variable(name)?)));
            if let Some((name, text)) = set {
                self.set(key, &text, Origin::Variable(name))?;
            }
        }
        Ok(())
    }

    fn apply_flags(&mut self, flags: &Flags) -> Result<(), ConfigError> {
        for (path, text) in flags.given() {
            if let Some(key) = table::find(path)
                && let Some(flag) = key.flag
            {
                self.set(key, &text, Origin::Flag(flag))?;
            }
        }
        Ok(())
    }

    fn set(&mut self, key: &table::Key, text: &str, origin: Origin) -> Result<(), ConfigError> {
        (key.slot_mut)(self)
            .set_text(text, key.check, origin.clone())
            .map_err(|message| ConfigError::Invalid {
                origin,
                message: format!("`{}` {message}", key.path),
            })
    }

    fn check_theme(&self) -> Result<(), ConfigError> {
        match Theme::find(&self.theme, &self.paths.themes, Depth::None) {
            Ok(_) => Ok(()),
            Err(source) => Err(ConfigError::Theme {
                origin: self.theme.origin().clone(),
                source,
            }),
        }
    }
}

/// The text of the file; `None` when it is not there and need not be.
fn read(path: &Path, must_exist: bool) -> Result<Option<String>, ConfigError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => Ok(None),
        Err(source) => Err(ConfigError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Whether one of the patterns fits the profile, the account, or both as `ACCOUNT-PROFILE`.
fn any(patterns: &[Pattern], account: Option<&str>, profile: Option<&str>) -> bool {
    let both = account
        .zip(profile)
        .map(|(account, profile)| format!("{account}-{profile}"));
    let names = [account, profile, both.as_deref()];
    let mut names = names.into_iter().flatten();
    names.any(|name| patterns.iter().any(|pattern| pattern.matches(name)))
}

#[cfg(test)]
mod tests;
