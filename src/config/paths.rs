//! Where files are: the configuration, the themes, the log and the cache, by the customs of the system.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;

/// The places the program reads and writes. None need exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The configuration file.
    pub config_file: PathBuf,
    /// The folder of the user's own themes.
    pub themes: PathBuf,
    /// The folder of what is kept between runs.
    pub state: PathBuf,
    /// The log, in the state folder.
    pub log_file: PathBuf,
    /// The record of what was done to accounts, in the state folder.
    pub audit_file: PathBuf,
    /// The profiles and regions used lately, in the state folder.
    pub recent_file: PathBuf,
    /// The folder of what may be thrown away.
    pub cache: PathBuf,
}

impl Paths {
    /// The places of this user: `XDG_CONFIG_HOME`, `XDG_STATE_HOME` and `XDG_CACHE_HOME` on Linux, the customary
    /// folders elsewhere. `None` when the user has no home folder.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let folders = ProjectDirs::from("", "", "ecsight")?;
        // Only Linux has a folder of its own for state.
        let state = folders.state_dir().unwrap_or(folders.data_local_dir());
        Some(Self::of_folders(
            folders.config_dir(),
            state,
            folders.cache_dir(),
        ))
    }

    /// The places in three given folders.
    #[must_use]
    pub fn of_folders(config: &Path, state: &Path, cache: &Path) -> Self {
        Self {
            config_file: config.join("config.toml"),
            themes: config.join("themes"),
            state: state.to_owned(),
            log_file: state.join("ecsight.log"),
            audit_file: state.join("audit.jsonl"),
            recent_file: state.join("recent"),
            cache: cache.to_owned(),
        }
    }

    /// Every place with its name, for people.
    #[must_use]
    pub fn named(&self) -> [(&'static str, &Path); 6] {
        [
            ("config file", &self.config_file),
            ("themes folder", &self.themes),
            ("state folder", &self.state),
            ("log file", &self.log_file),
            ("audit file", &self.audit_file),
            ("cache folder", &self.cache),
        ]
    }
}
