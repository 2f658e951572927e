#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use rstest::rstest;
use tempfile::TempDir;

use super::*;
use crate::{
    config::{Flags, Paths},
    model::{Identity, Timestamp},
    store::{
        Store,
        snapshot::{Origin, Snapshot},
    },
};

fn snapshot(account: &str, endpoint: Option<&str>) -> Snapshot {
    let origin = Origin {
        identity: Identity {
            account: account.to_owned(),
            principal: String::new(),
        },
        profile: "shop".to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: endpoint.map(str::to_owned),
    };
    Store::new().snapshot(origin, Timestamp(1))
}

fn cache_of(folder: &TempDir, file: &str, variables: &[(&str, &str)]) -> Option<Cache> {
    let paths = Paths::of_folders(folder.path(), folder.path(), &folder.path().join("cache"));
    fs::write(&paths.config_file, file).unwrap();
    let variables: BTreeMap<_, _> = variables.iter().copied().collect();
    let variable = |name: &str| variables.get(name).map(|&value| value.to_owned());
    let config = Config::load_from(paths, &Flags::default(), variable).unwrap();
    Cache::of(&config, variable)
}

fn cache(folder: &TempDir) -> Cache {
    cache_of(folder, "profile = \"shop\"", &[]).unwrap()
}

fn files(cache: &Cache) -> Vec<PathBuf> {
    let entries = fs::read_dir(&cache.folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn account(cache: &Cache) -> Option<String> {
    let (_, front) = cache.read()?;
    Some(front.origin.identity.account)
}

#[test]
fn the_newest_snapshot_takes_the_place_of_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder);
    assert_eq!(account(&cache), None);
    for one in ["1", "2"] {
        cache.write(snapshot(one, None)).unwrap();
        assert_eq!(account(&cache).as_deref(), Some(one));
        assert_eq!(files(&cache), [cache.file()]);
    }
}

#[cfg(unix)]
#[test]
fn nobody_else_can_look_into_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    // A folder that was made by somebody else's rules.
    fs::create_dir_all(&cache.folder).unwrap();
    fs::set_permissions(&cache.folder, fs::Permissions::from_mode(0o755)).unwrap();
    cache.write(snapshot("1", None)).unwrap();
    assert_eq!((mode(&cache.folder), mode(&cache.file())), (0o700, 0o600));
}

/// A reader that began with the old file has all of it, whatever is written meanwhile.
#[test]
fn a_snapshot_is_never_seen_half_written() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder);
    cache.write(snapshot("1", None)).unwrap();
    let before = fs::read(cache.file()).unwrap();
    let mut open = fs::File::open(cache.file()).unwrap();
    cache.write(snapshot("2", None)).unwrap();
    let mut read = Vec::new();
    open.read_to_end(&mut read).unwrap();
    assert_eq!(read, before);
}

#[test]
fn a_snapshot_that_cannot_be_used_is_as_good_as_none() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder);
    cache.write(snapshot("1", None)).unwrap();
    let whole = fs::read(cache.file()).unwrap();
    let mut flipped = whole.clone();
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    for bytes in [&whole[..last], &flipped, b"", b"something else"] {
        fs::write(cache.file(), bytes).unwrap();
        assert_eq!(account(&cache), None);
    }
    // Larger than anything that is written: it is not even read.
    let file = fs::File::create(cache.file()).unwrap();
    file.set_len(1 << 40).unwrap();
    assert_eq!(account(&cache), None);
    cache.write(snapshot("2", None)).unwrap();
    assert_eq!(account(&cache).as_deref(), Some("2"));
}

/// The file of another session under this session's name, as if the numbers in the names were the same.
#[test]
fn a_snapshot_of_another_session_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let other = cache_of(&folder, "profile = \"other\"", &[]).unwrap();
    other.write(snapshot("1", None)).unwrap();
    let cache = cache(&folder);
    assert_eq!(account(&cache), None);
    fs::rename(other.file(), cache.file()).unwrap();
    assert_eq!(account(&cache), None);
}

#[test]
fn sessions_that_may_be_of_other_accounts_have_files_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = |file: &str, variables: &[(&str, &str)]| {
        let cache = cache_of(&folder, file, variables).unwrap();
        cache
            .file()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    let id = |id| [("AWS_ACCESS_KEY_ID", id)];
    let all = [
        file("", &[]),
        file("profile = \"a b\"", &[]),
        file("profile = \"a/b\"", &[]),
        file("region = \"eu-west-1\"", &[]),
        file("endpoint_url = \"https://example.com\"", &[]),
        file("", &id("ASIAQNZGKIQY56JQ7WML")),
        file("", &id("AKIASP2TPHJSQH3FJRUX")),
        file("", &[("AWS_CONFIG_FILE", "/other")]),
    ];
    let mut different = all.to_vec();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), all.len(), "{all:?}");
    assert!(all[1].starts_with("a_b-default-"), "{}", all[1]);
    for name in &all {
        assert!(
            name.ends_with(".snapshot") && !name.starts_with('.'),
            "{name}"
        );
    }
    // Keys of one account that change by the hour have one.
    assert_eq!(all[5], file("", &id("ASIAQNZGKIQYZZZZZZZZ")));
}

#[rstest]
#[case("ASIAQNZGKIQY56JQ7WML", Some("029608264753"))]
#[case("AKIASP2TPHJSQH3FJRUX", Some("171436882533"))]
#[case("test", None)]
#[case("AKIA88888888", None)]
#[case("", None)]
fn keys_tell_their_account(#[case] id: &str, #[case] account: Option<&str>) {
    assert_eq!(account_of(id).as_deref(), account);
}

#[rstest]
#[case("", true)]
#[case("cache = false", false)]
#[case("endpoint_url = \"http://127.0.0.1:4566\"", false)]
#[case("endpoint_url = \"http://127.0.0.1:4566\"\ncache = true", true)]
#[case("endpoint_url = \"https://ecs.example.com\"", true)]
fn what_is_simulated_on_this_machine_is_kept_only_if_told_to(
    #[case] file: &str,
    #[case] kept: bool,
) {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(cache_of(&folder, file, &[]).is_some(), kept);
}

#[test]
fn the_writer_has_written_when_it_has_finished() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder);
    let mut writer = Writer::new(cache.clone());
    for one in 1..=5 {
        writer.write(snapshot(&one.to_string(), None));
    }
    // The endpoint of a profile is known only when it is connected to.
    writer.write(snapshot("6", Some("http://localhost:4566")));
    writer.finish();
    assert_eq!(account(&cache).as_deref(), Some("5"));
}

#[test]
fn what_nobody_looks_at_any_more_is_thrown_away() {
    let folder = tempfile::tempdir().unwrap();
    let cache = cache(&folder);
    fs::create_dir_all(&cache.folder).unwrap();
    let now = std::time::SystemTime::now();
    let put = |name: &str, age: Duration| {
        let file = fs::File::create(cache.folder.join(name)).unwrap();
        file.set_modified(now - age).unwrap();
    };
    put("old-default-0.snapshot", STALE * 2);
    put(".left.snapshot", ABANDONED * 2);
    put(".begun.snapshot", ABANDONED / 2);
    put("young-default-0.snapshot", STALE / 2);
    put("notes.txt", STALE * 2);
    cache.write(snapshot("1", None)).unwrap();
    let mut left: Vec<_> = files(&cache)
        .iter()
        .map(|path| path.file_name().unwrap().to_owned())
        .collect();
    left.sort();
    let mut expected = vec![
        cache.file().file_name().unwrap().to_owned(),
        ".begun.snapshot".into(),
        "notes.txt".into(),
        "young-default-0.snapshot".into(),
    ];
    expected.sort();
    assert_eq!(left, expected);
}

#[test]
fn regions_in_another_order_are_the_same_place() {
    let folder = tempfile::tempdir().unwrap();
    let of = |regions: &str| {
        let variables = [("AWS_REGION", regions)];
        cache_of(&folder, "profile = \"shop\"", &variables).unwrap()
    };
    let cache = of("us-east-1,eu-west-1");
    assert_eq!(cache, of("eu-west-1, us-east-1"));
    assert_ne!(cache, of("us-east-1"));
    let turned = Destination {
        profile: None,
        region: Some("eu-west-1,us-east-1".to_owned()),
    };
    assert_eq!(of("us-east-1").at(&turned), cache);
}
