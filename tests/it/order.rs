//! The order of the modules: who may use whom, and where foreign crates may be known. Read from the source, so that
//! an arrow that nobody meant fails here.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Each module with the modules it uses. Nothing else may be used, and nothing may stand here that is not: an arrow
/// that is gone goes from here too.
const USES: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("store", &["model"]),
    ("schedule", &["model"]),
    ("aws", &["model", "schedule"]),
    ("docker", &["model"]),
    ("resource", &["model", "store"]),
    ("action", &["model", "store", "resource"]),
    ("finder", &["model", "store", "resource"]),
    ("keymap", &["resource", "action"]),
    ("theme", &[]),
    (
        "ui",
        &[
            "model", "store", "resource", "action", "finder", "keymap", "theme",
        ],
    ),
    (
        "app",
        &[
            "model", "store", "schedule", "resource", "action", "finder", "keymap", "theme", "ui",
        ],
    ),
    ("report", &["model", "store", "aws", "resource", "ui"]),
    ("config", &["theme"]),
    (
        "runtime",
        &[
            "model", "store", "aws", "docker", "keymap", "ui", "app", "config",
        ],
    ),
    (
        "cli",
        &[
            "model", "schedule", "aws", "docker", "keymap", "theme", "ui", "app", "report",
            "config", "runtime", "sandbox",
        ],
    ),
    ("sandbox", &[]),
];

/// Foreign crates, by how their names begin, with the places that may know them: modules, or single files.
const FOREIGN: &[(&str, &[&str])] = &[
    (
        "ratatui",
        &[
            "ui",
            "theme",
            "app/mod.rs",
            "app/scene.rs",
            "runtime/terminal.rs",
        ],
    ),
    ("crossterm", &["runtime"]),
    ("aws_", &["aws", "sandbox/tests"]),
    ("hyper", &["docker", "sandbox"]),
    (
        "tokio",
        &["aws", "docker", "report", "runtime", "sandbox", "cli"],
    ),
    ("clap", &["cli"]),
    ("bollard", &["docker", "sandbox/tests"]),
];

/// A file of the program without its tests and comments.
struct Source {
    /// Its place below `src`, with slashes.
    path: String,
    code: String,
}

impl Source {
    /// The module at the top that it belongs to.
    fn module(&self) -> &str {
        let top = self.path.split('/').next().unwrap();
        top.trim_end_matches(".rs")
    }

    /// Whether it is one of these files, or in one of these folders.
    fn is_in(&self, places: &[&str]) -> bool {
        places
            .iter()
            .any(|place| self.path == *place || self.path.starts_with(&format!("{place}/")))
    }

    /// Every path that begins with one of `roots`, one segment deep: `model` of `crate::model::Arn`, both `model` and
    /// `store` of `crate::{model::Arn, store::Store}`.
    fn paths(&self, root: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (at, _) in self.code.match_indices(root) {
            let before = self.code[..at].chars().next_back();
            if before.is_some_and(|before| before.is_alphanumeric() || before == '_') {
                continue;
            }
            let after = self.code[at + root.len()..].trim_start();
            match after.strip_prefix('{') {
                Some(tree) => found.extend(branches(tree)),
                None => found.extend([word(after)]),
            }
        }
        found.remove("");
        found
    }

    /// Whether a path of a crate whose name begins so stands in it.
    fn knows(&self, name: &str) -> bool {
        self.code.match_indices(name).any(|(at, _)| {
            let before = self.code[..at].chars().next_back();
            let rest = &self.code[at + name.len()..];
            let rest =
                rest.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
            !before.is_some_and(|before| before.is_alphanumeric() || "_\"`.".contains(before))
                && rest.starts_with("::")
        })
    }
}

/// The identifier that a text begins with.
fn word(text: &str) -> String {
    text.chars()
        .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
        .collect()
}

/// The first segments of a tree of imports, whose opening brace is cut off.
fn branches(tree: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut depth = 0;
    let mut fresh = true;
    for (at, letter) in tree.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            letter if fresh && !letter.is_whitespace() => {
                found.push(word(&tree[at..]));
                fresh = false;
            }
            _ => {}
        }
    }
    found
}

/// Takes comments away, and items that are only compiled for tests.
fn strip(text: &str) -> String {
    let mut code = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let bare = line.trim_start();
        if bare.starts_with("#[cfg(test)]") {
            let indent = line.len() - bare.len();
            let end = format!("{}}}", " ".repeat(indent));
            for line in lines.by_ref() {
                let ends_at_once =
                    line.ends_with(';') && line.len() - line.trim_start().len() == indent;
                if line == end || ends_at_once {
                    break;
                }
            }
        } else if !bare.starts_with("//") {
            code.push_str(line.split(" // ").next().unwrap());
            code.push('\n');
        }
    }
    code
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Whether a file holds nothing but tests, or what only they use.
fn is_for_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.contains("/tests/") || path == "aws/fake.rs"
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let sources = files.iter().map(|file| {
        let path = file.strip_prefix(&root).unwrap().to_str().unwrap();
        Source {
            path: path.replace('\\', "/"),
            code: strip(&fs::read_to_string(file).unwrap()),
        }
    });
    let sources: Vec<_> = sources
        .filter(|source| {
            !is_for_tests(&source.path) && !["lib.rs", "main.rs"].contains(&source.path.as_str())
        })
        .collect();
    assert!(sources.len() > 100, "the source is read");
    sources
}

#[test]
fn modules_use_only_what_the_table_allows() {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for source in sources() {
        let module = source.module().to_owned();
        let Some((_, allowed)) = USES.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!(
                "src/{}: the module {module} has no place in the order",
                source.path
            ));
            continue;
        };
        for used in source.paths("crate::") {
            if used == module {
                continue;
            }
            if !allowed.contains(&used.as_str()) {
                wrong.push(format!("src/{}: {module} must not use {used}", source.path));
            }
            seen.insert((module.clone(), used));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (module, uses) in USES {
        for used in *uses {
            let arrow = ((*module).to_owned(), (*used).to_owned());
            assert!(
                seen.contains(&arrow),
                "{module} no longer uses {used}: take it from the table"
            );
        }
    }
}

/// `super` beyond the top of a module would be an arrow that the paths above do not show.
#[test]
fn super_stays_within_its_module() {
    for source in sources() {
        let depth = source.path.trim_end_matches("/mod.rs").split('/').count();
        let out = "super::".repeat(depth);
        let leaves = source
            .code
            .match_indices(&out)
            .any(|(at, _)| !source.code[..at].ends_with("super::"));
        assert!(!leaves, "src/{}: {out} leaves the module", source.path);
    }
}

/// The table itself has no way back, and follows the list in `src/lib.rs`.
#[test]
fn the_table_is_in_order() {
    let place = |name: &str| USES.iter().position(|(module, _)| *module == name);
    for (module, uses) in USES {
        for used in *uses {
            let stands_apart = *used == "sandbox" && *module == "cli";
            assert!(
                stands_apart || place(used) < place(module),
                "{used} stands before {module}"
            );
        }
    }
    let declared =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let declared: BTreeSet<_> = declared
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(declared, USES.iter().map(|(module, _)| *module).collect());
}

#[test]
fn foreign_crates_stay_in_their_places() {
    for (name, places) in FOREIGN {
        let wrong: Vec<_> = sources()
            .into_iter()
            .filter(|source| source.knows(name) && !source.is_in(places))
            .map(|source| source.path)
            .collect();
        assert!(
            wrong.is_empty(),
            "{name} is known outside of {places:?}: {wrong:?}"
        );
    }
}

/// Data has one owner: there is nothing to lock, and nothing global that changes.
#[test]
fn nothing_is_shared_and_locked() {
    for source in sources() {
        let locks = ["Mutex<", "RwLock<"]
            .iter()
            .any(|lock| source.code.contains(lock));
        // Of `aws`, clones of the clients wait in one queue for the quotas.
        assert!(
            !locks || source.is_in(&["sandbox", "aws/pacer.rs"]),
            "src/{} locks what it shares",
            source.path
        );
        for line in source.code.lines().filter(|line| line.contains("static ")) {
            let changes = [
                "Mutex",
                "RwLock",
                "Atomic",
                "OnceLock",
                "OnceCell",
                "thread_local",
                "static mut ",
            ];
            let changes = changes.iter().any(|word| line.contains(word));
            assert!(!changes, "src/{}: {line} can change", source.path);
        }
    }
}

#[test]
fn arrows_are_found_however_they_are_written() {
    let source = |text: &str| Source {
        path: "ui/mod.rs".to_owned(),
        code: strip(text),
    };
    let nested = source("use crate::{\n    model::{Arn, Query},\n    store, ui::Cx,\n};\n");
    assert_eq!(
        nested.paths("crate::"),
        ["model", "store", "ui"].map(str::to_owned).into()
    );
    let inline = source("fn f() -> crate::aws::Clients {}\n");
    assert_eq!(inline.paths("crate::"), ["aws".to_owned()].into());
    let tests = source(
        "// crate::app\n#[cfg(test)]\nmod tests {\n    use crate::app::App;\n}\nuse crate::model;\n",
    );
    assert_eq!(tests.paths("crate::"), ["model".to_owned()].into());
    assert!(source("use aws_sdk_ecs::Client;").knows("aws_"));
    assert!(!source("use crate::aws::Clients;").knows("aws_"));
}
