//! Profiles and regions that were used, the last one first: a small file of plain names in the state folder.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::model::sorted_regions;

/// Names of each kind that are kept.
const KEPT: usize = 20;
/// A file larger than this was not written here.
const MOST: u64 = 64 * 1024;

/// Names that were used, the last one first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Recent {
    pub(super) profiles: Vec<String>,
    pub(super) regions: Vec<String>,
}

impl Recent {
    /// What is in the file. What cannot be read is as good as nothing, with a line in the log.
    pub(super) fn read(path: &Path) -> Self {
        let read = || -> io::Result<String> {
            if fs::metadata(path)?.len() > MOST {
                return Err(io::Error::other("it is larger than any that is written"));
            }
            fs::read_to_string(path)
        };
        match read() {
            Ok(text) => Self::parse(&text),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(path = %path.display(), %error, "the names used lately cannot be read");
                }
                Self::default()
            }
        }
    }

    fn parse(text: &str) -> Self {
        let mut recent = Self::default();
        for line in text.lines() {
            match line.split_once(' ') {
                Some(("profile", name)) => recent.profiles.push(name.to_owned()),
                Some(("region", name)) => recent.regions.push(name.to_owned()),
                _ => {}
            }
        }
        recent
    }

    fn written(&self) -> String {
        let profiles = self.profiles.iter().map(|name| format!("profile {name}\n"));
        let regions = self.regions.iter().map(|name| format!("region {name}\n"));
        profiles.chain(regions).collect()
    }

    /// Puts a profile, if there is one, and a region before all others. Another session may do so at the same moment;
    /// then one of them is forgotten.
    pub(super) fn remember(path: &Path, profile: Option<&str>, region: &str) -> io::Result<()> {
        let before = Self::read(path);
        let mut recent = before.clone();
        // Regions named in another order are the same place.
        let same: [fn(&str) -> String; 2] = [str::to_owned, sorted_regions];
        for ((names, name), same) in [
            (&mut recent.profiles, profile),
            (&mut recent.regions, Some(region)),
        ]
        .into_iter()
        .zip(same)
        {
            // A name is a line.
            let name = name.filter(|name| !name.is_empty() && !name.contains(char::is_control));
            if let Some(name) = name {
                names.retain(|known| same(known) != same(name));
                names.insert(0, name.to_owned());
                names.truncate(KEPT);
            }
        }
        if recent == before {
            return Ok(());
        }
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_owned);
        fs::create_dir_all(&folder)?;
        // It is readable by the user alone.
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        file.write_all(recent.written().as_bytes())?;
        file.persist(path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_last_one_used_is_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("recent");
        assert_eq!(Recent::read(&path), Recent::default());
        for (profile, region) in [
            (Some("dev box"), "eu-west-1"),
            (Some("prod"), "us-east-1"),
            (None, "eu-west-1"),
            (Some("a\nregion evil"), ""),
        ] {
            Recent::remember(&path, profile, region).unwrap();
        }
        let recent = Recent::read(&path);
        assert_eq!(recent.profiles, ["prod", "dev box"]);
        assert_eq!(recent.regions, ["eu-west-1", "us-east-1"]);
        for regions in ["eu-west-1,us-east-1", "us-east-1,eu-west-1"] {
            Recent::remember(&path, Some(regions), regions).unwrap();
        }
        let recent = Recent::read(&path);
        let turned = "us-east-1,eu-west-1";
        assert_eq!(recent.regions, [turned, "eu-west-1", "us-east-1"]);
        assert_eq!(recent.profiles[..2], [turned, "eu-west-1,us-east-1"]);
        for number in 0..30 {
            Recent::remember(&path, Some(&format!("p{number}")), "r").unwrap();
        }
        assert_eq!(Recent::read(&path).profiles.len(), KEPT);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_makes_no_sense_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recent");
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert_eq!(Recent::read(&path), Recent::default());
        fs::write(&path, "nonsense\nprofile a\n").unwrap();
        assert_eq!(Recent::read(&path).profiles, ["a"]);
    }
}
