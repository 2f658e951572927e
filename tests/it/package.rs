//! What the package is made of: that no test file is left out, and that no unwanted crate came in.

use std::fs;
use std::path::{Path, PathBuf};

/// Crates that must not come in by any road, each with what is used in its place. `deny.toml` bans
/// the same.
const BANNED: &[(&str, &str)] = &[
    ("openssl", "rustls with ring"),
    ("openssl-sys", "rustls with ring"),
    ("native-tls", "rustls with ring"),
    ("aws-lc-rs", "rustls with ring"),
    ("aws-lc-sys", "rustls with ring"),
    ("aws-sdk-ec2", "the attributes of container instances"),
    (
        "aws-sdk-ssm",
        "the session that ExecuteCommand answers with",
    ),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()))
}

/// The files below a folder of modules that their parent module does not declare.
fn forgotten(folder: &Path, parent: &Path) -> Vec<PathBuf> {
    let declarations = fs::read_to_string(parent).unwrap_or_else(|error| {
        panic!(
            "{}, the parent of {}: {error}",
            parent.display(),
            folder.display()
        )
    });
    let declared = |name: &str| {
        declarations.lines().any(|line| {
            let line = line
                .trim()
                .trim_start_matches("pub ")
                .trim_start_matches("pub(crate) ");
            line == format!("mod {name};")
        })
    };
    let mut forgotten = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        if path.is_dir() {
            // A folder that belongs to no module holds data, such as snapshots.
            let own = [folder.join(format!("{name}.rs")), path.join("mod.rs")];
            if let Some(own) = own.iter().find(|own| own.is_file()) {
                forgotten.extend(self::forgotten(&path, own));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && path != parent
            && !declared(name)
        {
            forgotten.push(path);
        }
    }
    forgotten
}

#[test]
fn every_test_file_is_compiled() {
    let folder = root().join("tests/it");
    assert_eq!(
        forgotten(&folder, &folder.join("main.rs")),
        Vec::<PathBuf>::new()
    );
}

#[test]
fn a_test_file_that_is_not_declared_is_found() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    fs::create_dir(folder.path().join("known")).unwrap();
    fs::create_dir(folder.path().join("snapshots")).unwrap();
    file("main.rs", "mod known;\nmod seen;\n");
    file("known.rs", "pub mod inner;\n");
    file("known/inner.rs", "");
    file("known/lost.rs", "");
    file("seen.rs", "");
    file("missed.rs", "");
    file("snapshots/screen.snap", "");
    let mut found = forgotten(folder.path(), &folder.path().join("main.rs"));
    found.sort();
    let expected = ["known/lost.rs", "missed.rs"].map(|name| folder.path().join(name));
    assert_eq!(found, expected);
}

/// Name and version of every crate in the lock file.
fn locked() -> Vec<(String, String)> {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let text = |package: &toml::Value, key: &str| package[key].as_str().unwrap().to_owned();
    let packages = lock["package"].as_array().unwrap();
    packages
        .iter()
        .map(|package| (text(package, "name"), text(package, "version")))
        .collect()
}

#[test]
fn no_unwanted_crate_came_in() {
    let locked = locked();
    for (name, instead) in BANNED {
        let found = locked.iter().find(|(locked, _)| locked == name);
        assert_eq!(
            found, None,
            "{name} came in; use {instead}, and see `cargo tree -i {name}`"
        );
    }
}

#[test]
fn there_is_one_tls_stack_and_one_http_stack() {
    let locked = locked();
    for name in ["rustls", "ring", "hyper", "h2"] {
        let versions: Vec<_> = locked
            .iter()
            .filter(|(locked, _)| locked == name)
            .map(|(_, version)| version)
            .collect();
        assert_eq!(versions.len(), 1, "one version of {name}, not {versions:?}");
    }
}

#[test]
fn cargo_deny_bans_the_same_crates() {
    let deny: toml::Table = read("deny.toml").parse().unwrap();
    let banned: Vec<_> = deny["bans"]["deny"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["crate"].as_str().unwrap())
        .collect();
    for (name, _) in BANNED {
        assert!(banned.contains(name), "deny.toml does not ban {name}");
    }
}
