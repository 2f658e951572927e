//! Writing what is shown to a file of the user's own.

use std::{fs, io::Write, path::Path};

/// Writes text to a new file in a folder, readable by the user alone; says where it is, or why it is not.
pub(super) fn write(folder: &Path, stem: &str, text: &str) -> Result<String, String> {
    let stem: String = stem
        .chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character
            } else {
                '-'
            }
        })
        .collect();
    let moment = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let attempt = || {
        fs::create_dir_all(folder)?;
        for number in 0..100 {
            let again = if number == 0 {
                String::new()
            } else {
                format!("-{number}")
            };
            let path = folder.join(format!("{stem}-{moment}{again}.txt"));
            match private().create_new(true).write(true).open(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
                Ok(mut file) => {
                    file.write_all(text.as_bytes())?;
                    return Ok(path);
                }
            }
        }
        Err(std::io::Error::other("too many files of this name"))
    };
    match attempt() {
        Ok(path) => Ok(format!("saved to {}", path.display())),
        Err(error) => Err(format!("cannot save to {}: {error}", folder.display())),
    }
}

pub(super) fn private() -> fs::OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes exist on Unix alone"))]
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_saves_are_two_files_for_the_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["one", "two"] {
            let said = write(folder.path(), "services of web/../x", text).unwrap();
            assert!(said.starts_with("saved to "), "{said}");
        }
        let files: Vec<_> = fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert_eq!(files.len(), 2);
        #[cfg(unix)]
        for file in files {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}
