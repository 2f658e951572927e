//! The documentation beside the code: what of it is generated is current, what it links to exists, and what it tells
//! to type is understood.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The pages at the top of the project.
const PAGES: [&str; 4] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
];

/// Files that a command of the program writes, with the command.
const GENERATED: &[(&str, &[&str])] = &[
    ("assets/keys.md", &["keys", "--markdown"]),
    ("assets/config.toml", &["config", "--example"]),
    ("assets/get-json.md", &["get", "--fields"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(page: impl AsRef<Path>) -> String {
    let path = root().join(page);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Runs the program without the user's configuration and environment.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_ecsight"))
        .args(arguments)
        .env_clear()
        .env("HOME", home.path())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn generated_files_are_current() {
    for (file, arguments) in GENERATED {
        let (code, text, told) = run(arguments);
        assert_eq!(code, Some(0), "{told}");
        let command = arguments.join(" ");
        assert!(
            read(file) == text,
            "write it anew: cargo run -q -- {command} > {file}"
        );
    }
}

/// The targets of links and pictures in Markdown and HTML.
fn links(text: &str) -> Vec<&str> {
    let mut links = Vec::new();
    for (begin, end) in [("](", ')'), ("src=\"", '"'), ("href=\"", '"')] {
        for (at, _) in text.match_indices(begin) {
            let target = &text[at + begin.len()..];
            links.push(&target[..target.find(end).unwrap_or(target.len())]);
        }
    }
    links
}

/// A heading as the part of a link behind `#`.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(
        |letter: char| !(letter.is_alphanumeric() || " -_".contains(letter)),
        "",
    );
    kept.trim().replace(' ', "-")
}

#[test]
fn every_link_leads_somewhere() {
    let mut seen = 0;
    for page in PAGES {
        let text = read(page);
        for link in links(&text) {
            if link.starts_with("https://") {
                continue;
            }
            seen += 1;
            let (file, part) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { page } else { file };
            assert!(
                root().join(file).exists(),
                "{page} links to {link}, which is not there"
            );
            if !part.is_empty() {
                let target = read(file);
                let mut headings = target.lines().filter(|line| line.starts_with('#'));
                let found = headings.any(|line| anchor(line.trim_start_matches('#')) == part);
                assert!(
                    found,
                    "{page} links to {link}, and there is no such heading"
                );
            }
        }
    }
    assert!(seen > 10, "links are found");
}

/// The names of operations that read between quotes, behind `prefix`.
fn operations(text: &str, prefix: &str) -> BTreeSet<String> {
    let verbs = [
        "BatchGet",
        "List",
        "Describe",
        "Get",
        "Filter",
        "StartLiveTail",
    ];
    named(text, prefix, &verbs)
}

/// The names of operations between quotes that begin with one of these verbs, behind `prefix`.
fn named(text: &str, prefix: &str, verbs: &[&str]) -> BTreeSet<String> {
    verbs
        .iter()
        .flat_map(|verb| {
            let begin = format!("\"{prefix}{verb}");
            let found: Vec<_> = text
                .match_indices(&begin)
                .map(|(at, _)| {
                    let name = &text[at + 1 + prefix.len()..];
                    name.split('"').next().unwrap().to_owned()
                })
                .collect();
            found
        })
        .filter(|name| name.chars().all(char::is_alphanumeric))
        .collect()
}

#[test]
fn the_policy_names_what_is_called() {
    let mut called = BTreeSet::new();
    let policy = read("README.md");
    for (folder, one) in [("ecs", "DescribeServices"), ("ecr", "DescribeImages")] {
        called.clear();
        for entry in fs::read_dir(root().join("src/aws").join(folder)).unwrap() {
            called.extend(operations(&read(entry.unwrap().path()), ""));
        }
        // A deed may have to look something up first.
        let writes = if folder == "ecs" {
            ["definition", "instance", "service", "task"].as_slice()
        } else {
            &["image"]
        };
        for file in writes {
            called.extend(operations(&read(format!("src/aws/act/{file}.rs")), ""));
        }
        assert!(called.contains(one), "{called:?}");
        assert_eq!(operations(&policy, &format!("{folder}:")), called);
    }
    let of = |file: &str| operations(&read(file), "");
    assert_eq!(operations(&policy, "logs:"), of("src/aws/logs/read.rs"));
    assert_eq!(operations(&policy, "cloudwatch:"), of("src/aws/metrics.rs"));
}

#[test]
fn the_policy_names_what_is_written() {
    let verbs = ["Update", "Stop", "Register", "Put", "BatchDelete"];
    let policy = read("README.md");
    let mut written = BTreeSet::new();
    for entry in fs::read_dir(root().join("src/aws/act")).unwrap() {
        written.extend(named(&read(entry.unwrap().path()), "", &verbs));
    }
    assert!(written.contains("UpdateService"), "{written:?}");
    let mut allowed = named(&policy, "ecs:", &verbs);
    allowed.extend(named(&policy, "ecr:", &verbs));
    assert_eq!(allowed, written);
}

#[test]
fn every_picture_is_shown() {
    let readme = read("README.md");
    let shown = links(&readme);
    for entry in fs::read_dir(root().join("assets")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if Path::new(&name)
            .extension()
            .is_some_and(|ending| ending == "svg")
        {
            let picture = format!("assets/{name}");
            assert!(
                shown.contains(&picture.as_str()),
                "the README does not show {picture}"
            );
        }
    }
}

/// The command lines in blocks of shell, without prompts and comments.
fn commands(text: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut in_shell = false;
    for line in text.lines() {
        if line.starts_with("```") {
            in_shell = line == "```sh";
        } else if in_shell {
            let line = line.split(" #").next().unwrap().trim();
            if !line.is_empty() && !line.starts_with('#') {
                commands.push(line.to_owned());
            }
        }
    }
    commands
}

/// The arguments behind `ecsight`, or behind the `--` of `cargo run`.
fn arguments(command: &str) -> Option<Vec<&str>> {
    let words: Vec<_> = command.split_whitespace().collect();
    let at = match words.as_slice() {
        ["cargo", "run", ..] if !words.contains(&"--example") => {
            words.iter().position(|word| *word == "--")?
        }
        _ => words
            .iter()
            .position(|word| *word == "ecsight" || word.ends_with("/ecsight"))?,
    };
    let rest = words[at + 1..].iter();
    Some(
        rest.take_while(|word| !["|", ">", "&", "&&"].contains(word))
            .copied()
            .collect(),
    )
}

/// With `--help` added, everything before it is still checked, and nothing is done.
#[test]
fn every_command_of_the_pages_is_understood() {
    let mut seen = 0;
    for page in PAGES {
        for command in commands(&read(page)) {
            let Some(mut line) = arguments(&command) else {
                continue;
            };
            seen += 1;
            line.push("--help");
            let (code, _, told) = run(&line);
            assert_eq!(code, Some(0), "{page} says `{command}`: {told}");
        }
    }
    assert!(seen > 5, "commands are found");
}

#[test]
fn every_script_of_the_pages_is_there() {
    for page in PAGES {
        for command in commands(&read(page)) {
            let word = command.split_whitespace().next().unwrap();
            if let Some(script) = word
                .strip_prefix("./")
                .filter(|script| !script.starts_with("target/"))
            {
                assert!(root().join(script).is_file(), "{page} says {command}");
            }
        }
    }
}

#[test]
fn links_anchors_and_commands_are_found_in_a_page() {
    let page =
        "[a](b.md#c) <img src=\"d.svg\">\n```sh\n$x\ncargo run --release -- demo   # look\n```\n";
    assert_eq!(links(page), ["b.md#c", "d.svg"]);
    assert_eq!(anchor(" How fast, how much?"), "how-fast-how-much");
    assert_eq!(commands(page), ["$x", "cargo run --release -- demo"]);
    assert_eq!(arguments("cargo run --release -- demo"), Some(vec!["demo"]));
    assert_eq!(
        arguments("target/release/ecsight demo --seed 7"),
        Some(vec!["demo", "--seed", "7"])
    );
    assert_eq!(arguments("./test"), None);
}
