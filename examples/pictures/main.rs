//! Makes the pictures of the documentation: runs the built program in a terminal of its own, presses keys, and writes
//! what the terminal shows to `assets/*.svg`.
//!
//! `cargo build && cargo run --example pictures` makes them all; names of pictures after `--` make only those.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a tool of the project: it ends with a panic that says which picture failed"
)]

mod svg;
mod terminal;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use terminal::Terminal;

/// What is done before the picture is taken.
enum Step {
    /// Waits until the screen shows this.
    See(&'static str),
    /// Types this; `\r` is Enter.
    Press(&'static str),
    /// Lets so many seconds pass, in which figures and lines come.
    Pass(u64),
    /// Ends the server behind the screen.
    Cut,
}

use Step::{Cut, Pass, Press, See};

/// A picture of the documentation.
struct Picture {
    /// The stem of its file, and what it is called on the command line of this tool.
    name: &'static str,
    columns: u16,
    rows: u16,
    arguments: &'static [&'static str],
    steps: &'static [Step],
}

const PICTURES: &[Picture] = &[
    Picture {
        name: "clusters",
        columns: 120,
        rows: 14,
        arguments: &["demo"],
        steps: &[See("prod-web"), See(" live")],
    },
    Picture {
        name: "services",
        columns: 140,
        rows: 22,
        arguments: &["demo", "--cluster", "prod-web"],
        steps: &[See("storefront"), See("CPU%RES"), Pass(10)],
    },
    Picture {
        name: "tasks-stopped",
        columns: 140,
        rows: 24,
        arguments: &["demo"],
        steps: &[
            See("prod-fargate"),
            See(" live"),
            Press("/prod-fargate\r"),
            Press("t"),
            See("GROUP"),
            See(" live"),
            Press("x"),
            See("STOPPED"),
            See(" live"),
        ],
    },
    Picture {
        name: "containers",
        columns: 140,
        rows: 12,
        arguments: &["demo", "--cluster", "prod-web", "--service", "checkout"],
        steps: &[
            See("RUNNING"),
            See(" live"),
            Press("\r"),
            See("CPU%RES"),
            Pass(12),
        ],
    },
    Picture {
        name: "chart",
        columns: 140,
        rows: 36,
        arguments: &["demo", "--cluster", "prod-web"],
        steps: &[
            See("image-resizer"),
            See("CPU%RES"),
            Press("/checkout\rm"),
            See("CPU, percent"),
            Pass(50),
        ],
    },
    Picture {
        name: "logs",
        columns: 140,
        rows: 30,
        arguments: &["demo", "--cluster", "prod-web"],
        steps: &[
            See("catalog"),
            See(" live"),
            Press("/catalog\rl"),
            See(", live,"),
            Press("f"),
            Pass(4),
        ],
    },
    Picture {
        name: "engines",
        columns: 140,
        rows: 10,
        arguments: &["demo", "--cluster", "prod-web"],
        steps: &[
            See("CPU%RES"),
            Pass(12),
            Press(":engines\r"),
            See("connected"),
        ],
    },
    Picture {
        name: "definition",
        columns: 120,
        rows: 40,
        arguments: &["demo", "--cluster", "prod-fargate"],
        steps: &[See(" live"), Press("Gt"), See("nvironment")],
    },
    Picture {
        name: "filter",
        columns: 120,
        rows: 16,
        arguments: &["demo"],
        steps: &[
            See("prod-web"),
            Press(":svc all\r"),
            See("fraud-detector"),
            See("search-indexer"),
            See(" live"),
            Press("/api"),
            See("hidden"),
        ],
    },
    Picture {
        name: "help",
        columns: 120,
        rows: 34,
        arguments: &["demo", "--cluster", "prod-web"],
        steps: &[See(" live"), Press("?"), See("Go into the row")],
    },
    Picture {
        name: "fault",
        columns: 120,
        rows: 16,
        arguments: &["--cluster", "prod-web"],
        steps: &[See("storefront"), See(" live"), Cut, See("tries")],
    },
    Picture {
        name: "images",
        columns: 140,
        rows: 16,
        arguments: &["demo"],
        steps: &[
            See("prod-web"),
            Press(":repositories\r"),
            See("api-gateway"),
            Press("/notifications\r"),
            See("notifications"),
            Press("\r"),
            See("stable"),
            See(" live"),
        ],
    },
    Picture {
        name: "plan",
        columns: 120,
        rows: 30,
        arguments: &["demo", "--cluster", "prod-web"],
        steps: &[
            See("checkout"),
            See(" live"),
            Press("/checkout\rs"),
            See("Cancel"),
            Pass(1),
            Press("9\r"),
            See("Auto Scaling"),
        ],
    },
    Picture {
        name: "rollout",
        columns: 140,
        rows: 14,
        arguments: &["demo", "--cluster", "batch"],
        steps: &[
            See("scheduler"),
            See(" live"),
            Press("/queue\rr"),
            See("Cancel"),
            Pass(1),
            Press("\t\r"),
            See(" old"),
            Pass(6),
        ],
    },
    Picture {
        name: "audit",
        columns: 140,
        rows: 12,
        arguments: &["demo", "--cluster", "batch"],
        steps: &[
            See("scheduler"),
            See(" live"),
            Press("/scheduler\rs"),
            See("Cancel"),
            Pass(1),
            Press("3\r\t\r"),
            See("steady after"),
            Press("E"),
            See("Cancel"),
            Pass(1),
            Press("\t\r"),
            See("done"),
            Press(":audit\r"),
            See("OUTCOME"),
        ],
    },
    Picture {
        name: "small",
        columns: 80,
        rows: 24,
        arguments: &["demo", "--cluster", "prod-web"],
        steps: &[See("storefront"), See("CPU%RES"), Pass(10)],
    },
    Picture {
        name: "tokyo-night",
        columns: 140,
        rows: 22,
        arguments: &[
            "demo",
            "--cluster",
            "prod-fargate",
            "--theme",
            "tokyo-night",
            "--color",
            "always",
        ],
        steps: &[See("fraud-detector"), See(" live")],
    },
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let known = |name: &String| PICTURES.iter().any(|picture| picture.name == name);
    if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
        panic!("there is no picture {unknown}");
    }
    let program = program();
    for picture in PICTURES {
        if wanted.is_empty() || wanted.iter().any(|name| name == picture.name) {
            let file =
                Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/{}.svg", picture.name));
            fs::write(&file, take(picture, &program)).expect("the picture can be written");
            println!("assets/{}.svg", picture.name);
        }
    }
}

/// The program, which cargo puts beside the folder of the examples.
fn program() -> PathBuf {
    let this = std::env::current_exe().expect("this program has a path");
    let folder = this
        .parent()
        .and_then(Path::parent)
        .expect("it lies in a folder of examples");
    let program = folder.join(format!("ecsight{}", std::env::consts::EXE_SUFFIX));
    assert!(
        program.is_file(),
        "{} is not there: build it first",
        program.display()
    );
    program
}

/// Runs the program and draws its screen once everything that the picture waits for has come.
fn take(picture: &Picture, program: &Path) -> String {
    let mut server = picture
        .steps
        .iter()
        .any(|step| matches!(step, Cut))
        .then(|| Server::start(program));
    let variables = server.as_ref().map_or(&[][..], |server| &server.variables);
    let size = (picture.columns, picture.rows);
    let mut terminal = Terminal::run(program, picture.arguments, variables, size);
    for step in picture.steps {
        match step {
            See(text) => terminal.wait_for(text, picture.name),
            Press(keys) => terminal.press(keys),
            Pass(seconds) => terminal.pass(Duration::from_secs(*seconds)),
            Cut => drop(server.take()),
        }
    }
    terminal.wait_until_quiet();
    svg::draw(terminal.screen())
}

/// The simulated account as a process of its own, ended when dropped.
struct Server {
    child: Child,
    variables: Vec<(String, String)>,
}

impl Server {
    fn start(program: &Path) -> Self {
        let mut child = Command::new(program)
            .args(["sandbox", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts");
        let mut lines = BufReader::new(child.stdout.take().expect("it prints")).lines();
        let mut variables = Vec::new();
        while let Some(Ok(line)) = lines.next() {
            if line.starts_with('#') {
                continue;
            }
            let Some((name, value)) = line.trim_start_matches("export ").split_once('=') else {
                break;
            };
            variables.push((name.to_owned(), value.to_owned()));
            if name == "AWS_EC2_METADATA_DISABLED" {
                break;
            }
        }
        Self { child, variables }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
