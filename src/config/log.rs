//! The log file: opened at the start, kept small, never the terminal. What is logged is the business of the rest.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

/// The variable that sets what is logged: a level for the program itself, or directives of `tracing`.
pub const LOG_VARIABLE: &str = "ECSIGHT_LOG";

/// The size in bytes from which on a log becomes the old log at the next start.
const ROTATE_AT: u64 = 4 * 1024 * 1024;

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `ECSIGHT_LOG` makes no sense. The user should know at once.
    #[error(
        "variable {LOG_VARIABLE}: `{value}` is no log level{reason}; use one of off, error, warn, info, debug, trace"
    )]
    Filter {
        /// What it says.
        value: String,
        /// `: ` and what is wrong with it where it looks like directives of `tracing`, or nothing.
        reason: String,
    },
    /// The file cannot be written. The program runs without it.
    #[error("log file {path} cannot be written: {source}; going on without it", path = path.display())]
    File {
        /// The log file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A log was started before in this process.
    #[error("the log was started before")]
    Started,
}

/// Starts the log in the file at `path`, which only the user may read; `filter` is the value of `ECSIGHT_LOG`.
///
/// # Errors
/// When the filter makes no sense, the file cannot be written, or a log was started before.
pub fn start(path: &Path, filter: Option<&str>) -> Result<(), LogError> {
    let filter = parse_filter(filter)?;
    let file = open(path, ROTATE_AT).map_err(|source| LogError::File {
        path: path.to_owned(),
        source,
    })?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .finish();
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Started)
}

/// A level alone is for this program; the libraries stay at warnings, for they tell of every call.
fn parse_filter(value: Option<&str>) -> Result<EnvFilter, LogError> {
    let value = value.filter(|value| !value.is_empty()).unwrap_or("info");
    let level = value.to_ascii_lowercase();
    let directives = match level.as_str() {
        "off" => level,
        word if LEVELS.contains(&word) => format!("warn,ecsight={word}"),
        // `tracing` would take any word for the name of a module, which then logs nothing.
        _ if !value.contains('=') => {
            return Err(LogError::Filter {
                value: value.to_owned(),
                reason: String::new(),
            });
        }
        _ => value.to_owned(),
    };
    EnvFilter::try_new(directives).map_err(|error| LogError::Filter {
        value: value.to_owned(),
        reason: format!(": {error}"),
    })
}

/// Opens the file to append to, with its folder; one that has grown to `limit` bytes first becomes `.old`.
fn open(path: &Path, limit: u64) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    if fs::metadata(path).is_ok_and(|metadata| metadata.len() >= limit) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Write as _;

    use rstest::rstest;
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn the_log_is_appended_to_until_it_is_large() {
        let home = TempDir::new().unwrap();
        let path = home.path().join("state/ecsight/ecsight.log");
        let old = home.path().join("state/ecsight/ecsight.log.old");
        open(&path, 8).unwrap().write_all(b"first").unwrap();
        open(&path, 8).unwrap().write_all(b"second").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "firstsecond");
        assert!(!old.exists());
        open(&path, 8).unwrap().write_all(b"third").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "third");
        assert_eq!(fs::read_to_string(&old).unwrap(), "firstsecond");
        // Only one old log is kept.
        open(&path, 5).unwrap();
        assert_eq!(fs::read_to_string(&old).unwrap(), "third");
    }

    #[cfg(unix)]
    #[test]
    fn the_log_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let home = TempDir::new().unwrap();
        let path = home.path().join("state/ecsight.log");
        open(&path, ROTATE_AT).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_told_of() {
        let home = TempDir::new().unwrap();
        let blocked = home.path().join("file");
        fs::write(&blocked, "").unwrap();
        let error = start(&blocked.join("ecsight.log"), None).unwrap_err();
        assert!(matches!(error, LogError::File { .. }), "{error}");
    }

    #[rstest]
    #[case(None, "warn,ecsight=info")]
    #[case(Some(""), "warn,ecsight=info")]
    #[case(Some("DEBUG"), "warn,ecsight=debug")]
    #[case(Some("off"), "off")]
    #[case(Some("aws_config=trace"), "aws_config=trace")]
    fn a_level_is_for_the_program_itself(#[case] value: Option<&str>, #[case] directives: &str) {
        let expected = EnvFilter::try_new(directives).unwrap();
        let filter = parse_filter(value).unwrap();
        assert_eq!(filter.to_string(), expected.to_string());
    }

    #[rstest]
    #[case("verbose")]
    #[case("ecsight=loud")]
    fn a_filter_without_sense_is_refused(#[case] value: &str) {
        let message = parse_filter(Some(value)).unwrap_err().to_string();
        assert!(message.contains("ECSIGHT_LOG"), "{message}");
        assert!(message.contains("use one of off, error"), "{message}");
    }
}
