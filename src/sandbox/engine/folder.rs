//! The folder of the sockets: made for this process alone, removed with it, and what killed processes left behind.

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What the names of all these folders begin with.
const PREFIX: &str = "ecsight-";
/// How many names are tried.
const TRIES: u32 = 16;
/// From when on a folder without anybody behind its sockets is taken to be left behind, not about to be used.
const YOUNG: Duration = Duration::from_mins(1);

/// A folder that goes when this does.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "the sandbox could not remove its sockets");
        }
    }
}

impl Folder {
    /// Makes a folder that only the user can look into, for who reaches the sockets needs no credentials; `port` is of
    /// this process alone and tells its folder from others.
    pub fn make(port: u16) -> io::Result<Self> {
        let base = std::env::temp_dir();
        let mut last = io::ErrorKind::AlreadyExists.into();
        for number in 0..TRIES {
            let name = format!("{PREFIX}{}-{port}-{number}", std::process::id());
            let path = base.join(name);
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {
                    let folder = Self(path);
                    if let Err(error) = folder.sweep(&base) {
                        tracing::debug!(%error, "old sockets could not be looked for");
                    }
                    return Ok(folder);
                }
                // Left behind by a process that was killed, or somebody else's: either way it is not ours.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Removes the folders of the same user that processes left behind which had no time to.
    fn sweep(&self, base: &Path) -> io::Result<()> {
        let user = std::fs::symlink_metadata(&self.0)?.uid();
        for entry in std::fs::read_dir(base)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PREFIX)
                && is_left_behind(&entry.path(), user).unwrap_or(false)
            {
                std::fs::remove_dir_all(entry.path())?;
            }
        }
        Ok(())
    }
}

/// Whether a path is a folder of this user, not made just now, with a socket that nobody listens on.
fn is_left_behind(path: &Path, user: u32) -> io::Result<bool> {
    let data = std::fs::symlink_metadata(path)?;
    let is_old = data.modified()?.elapsed().is_ok_and(|age| age > YOUNG);
    if !data.is_dir() || data.uid() != user || !is_old {
        return Ok(false);
    }
    let Some(socket) = std::fs::read_dir(path)?.next().transpose()? else {
        return Ok(false);
    };
    let connected = UnixStream::connect(socket.path());
    Ok(connected.is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::fs::File;
    use std::os::unix::net::UnixListener;
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn only_what_was_left_behind_is_swept() {
        let base = tempfile::tempdir().unwrap();
        let make = |name: &str, minutes: u64| {
            let path = base.path().join(name);
            std::fs::create_dir(&path).unwrap();
            let listener = UnixListener::bind(path.join("i-1.sock")).unwrap();
            let made = SystemTime::now() - Duration::from_mins(minutes);
            File::open(&path).unwrap().set_modified(made).unwrap();
            listener
        };
        let kept = make("ecsight-1-used", 60);
        for (name, minutes) in [("ecsight-2-left", 2), ("ecsight-3-new", 0), ("other", 60)] {
            drop(make(name, minutes));
        }
        let own = Folder(base.path().join("ecsight-4-own"));
        std::fs::create_dir(own.path()).unwrap();
        own.sweep(base.path()).unwrap();
        let left = std::fs::read_dir(base.path()).unwrap();
        let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(
            left,
            ["ecsight-1-used", "ecsight-3-new", "ecsight-4-own", "other"]
        );
        drop(kept);
    }
}
