//! One answer without a screen: what may be asked for, asking for it, and writing it down. The command line is read in
//! `cli`, and what is listed is defined in `resource`.

mod ask;
mod fields;
mod items;
mod named;
mod names;
mod rows;
mod table;

use crate::{
    aws::Clients,
    model::{Health, Now},
    resource::{self, Cx, Resource},
    ui::{Pattern, clean},
};

use ask::Desk;
use rows::Sheet;

/// What can be listed without a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The clusters of the account.
    Clusters,
    /// The services of clusters.
    Services,
    /// The tasks of clusters, or of a service.
    Tasks,
    /// The containers of those tasks.
    Containers,
    /// The images of repositories.
    Images,
    /// The events of services.
    Events,
}

impl Kind {
    /// All of them, as help lists them.
    pub const ALL: [Self; 6] = [
        Self::Clusters,
        Self::Services,
        Self::Tasks,
        Self::Containers,
        Self::Images,
        Self::Events,
    ];

    /// Its name, which is that of the view.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Services => "services",
            Self::Tasks => "tasks",
            Self::Containers => "containers",
            Self::Images => "images",
            Self::Events => "events",
        }
    }

    /// The kind of this name, or of one of its further names.
    #[must_use]
    pub fn find(word: &str) -> Option<Self> {
        let is = |kind: &Self| kind.id() == word || kind.aliases().contains(&word);
        Self::ALL.into_iter().find(is)
    }

    /// Further names, those of the view.
    #[must_use]
    pub fn aliases(self) -> &'static [&'static str] {
        self.view().map_or(&[], Resource::aliases)
    }

    /// What may be sorted by: the titles of the columns in lower case.
    #[must_use]
    pub fn columns(self) -> Vec<String> {
        let heads = self.view().map(Resource::heads).unwrap_or_default();
        let told = heads.iter().filter(|head| table::is_told(head));
        told.map(|head| head.title.to_lowercase()).collect()
    }

    /// The column of this title, in any case and with `-` or `_` for spaces. A leading `-` turns the order around.
    ///
    /// # Errors
    /// There is no such column: a sentence that names those there are.
    pub fn sort(self, text: &str) -> Result<Sort, String> {
        let (descending, name) = match text.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, text),
        };
        let plain = |text: &str| text.to_lowercase().replace(['-', '_'], " ");
        let heads = self.view().map(Resource::heads).unwrap_or_default();
        let found = heads
            .iter()
            .position(|head| table::is_told(head) && plain(head.title) == plain(name.trim()));
        match found {
            Some(column) => Ok(Sort { column, descending }),
            None => Err(format!(
                "{} have no column {name}; there are: {}",
                self.id(),
                self.columns().join(", ")
            )),
        }
    }

    fn view(self) -> Option<&'static dyn Resource> {
        resource::find(self.id())
    }
}

/// By what rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// The index of the column in the view.
    column: usize,
    /// Whether the greatest comes first.
    descending: bool,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table for people: the columns that fit into this many cells, as on a screen; without a width those that matter,
    /// and nothing cut.
    Table {
        /// The cells that a line may take.
        width: Option<u16>,
        /// Whether only ASCII is drawn.
        ascii: bool,
    },
    /// A table of all columns, nothing cut.
    Wide,
    /// An object with typed fields for each row; [`fields()`] tells which.
    Json,
}

/// What is asked for.
#[derive(Debug)]
pub struct Request {
    /// What to list.
    pub kind: Kind,
    /// Which of them, by name; all if there are none.
    pub names: Vec<String>,
    /// Of which cluster, by name or ARN.
    pub cluster: Option<String>,
    /// Of which service, by name, `cluster/service` or ARN.
    pub service: Option<String>,
    /// Of which repository, by name, URI or ARN.
    pub repository: Option<String>,
    /// Stopped tasks in the place of those that run.
    pub stopped: bool,
    /// Only what is not as it should be.
    pub unhealthy: bool,
    /// Only what this takes.
    pub filter: Option<Pattern>,
    /// In which order; the natural one if none is given.
    pub sort: Option<Sort>,
    /// How to write it.
    pub format: Format,
}

impl Request {
    /// Whether columns count that only a wide table shows.
    fn looks_beyond(&self) -> bool {
        let narrow = matches!(self.format, Format::Table { width: None, .. });
        !narrow || self.filter.is_some() || self.sort.is_some()
    }
}

/// What came of asking, the graver the later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Everything that was named was found.
    Found,
    /// Something that was named is not there.
    Missing,
    /// A name means more than one thing.
    Ambiguous,
    /// AWS refused something or could not be reached.
    Faulty,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The rows, written down: whole lines, safe to show.
    pub text: String,
    /// What else there is to say, a line each, safe to show.
    pub notes: Vec<String>,
    /// What came of it.
    pub outcome: Outcome,
    /// Whether a row that is listed is not as it should be.
    pub unhealthy: bool,
}

impl Answer {
    fn without_rows(outcome: Outcome, notes: Vec<String>) -> Self {
        Self {
            text: String::new(),
            notes,
            outcome,
            unhealthy: false,
        }
    }
}

/// Why nothing is listed.
enum Stop {
    /// A name means more than one thing, or nothing: a sentence.
    Names(Outcome, String),
    /// What is needed to know where to look could not be had.
    Faults,
}

/// Asks for what is needed and writes the answer. What could be had is written even where something else could not.
/// `clock` reads the time.
pub async fn get(clients: &Clients, request: &Request, clock: impl Fn() -> Now) -> Answer {
    let mut desk = Desk::new(clients, &clock);
    let found = names::find(&mut desk, request).await;
    if request.format == Format::Json && found.is_ok() {
        desk.learn_account().await;
    }
    let faults = desk.notes();
    let selection = match found {
        Ok(selection) => selection,
        Err(stop) => {
            let (outcome, notes) = match stop {
                Stop::Faults => (desk.outcome(), faults),
                Stop::Names(outcome, why) => {
                    let notes = std::iter::once(why).chain(faults).collect();
                    (outcome.max(desk.outcome()), notes)
                }
            };
            let mut answer = Answer::without_rows(outcome, notes);
            if request.format == Format::Json && outcome == Outcome::Faulty {
                let account = desk.account();
                let regions = clients.regions();
                answer.text = items::nothing(request.kind, &regions, account.as_deref());
            }
            return answer;
        }
    };
    let Some(view) = request.kind.view() else {
        return Answer::without_rows(Outcome::Missing, faults);
    };
    let cx = Cx {
        store: &desk.store,
        now: clock(),
    };
    let mut sheet = Sheet::new(view, &selection, &cx);
    // What could not be listed may well be there.
    let missing = match sheet.choose(&selection, cx.store) {
        missing if faults.is_empty() => missing,
        _ => Vec::new(),
    };
    sheet.arrange(request, &cx);
    let text = match request.format {
        Format::Json => items::write(request.kind, &clients.regions(), &desk, &sheet, &cx),
        Format::Table { width, ascii } => table::narrow(&sheet, request, width, ascii, &cx),
        Format::Wide => table::wide(&sheet, &cx),
    };
    let outcome = if missing.is_empty() {
        desk.outcome()
    } else {
        desk.outcome().max(Outcome::Missing)
    };
    let noun = view.noun();
    let missing = missing
        .into_iter()
        .map(|name| clean(&format!("there is no {noun} {name} among those listed")).into_owned());
    Answer {
        text,
        notes: missing.chain(faults).collect(),
        outcome,
        unhealthy: sheet.rows.iter().any(|row| row.health.is_unhealthy()),
    }
}

/// The JSON where there is nobody to ask: nothing could be had. The regions are those that would have been asked.
#[must_use]
pub fn nothing(kind: Kind, regions: &str) -> String {
    items::nothing(kind, regions, None)
}

/// What the fields of the JSON are, as a page of Markdown.
#[must_use]
pub fn fields() -> String {
    fields::page()
}

/// A word for a health, as the JSON has it.
fn health_word(health: Health) -> &'static str {
    match health {
        Health::Sick => "sick",
        Health::Warn => "warn",
        Health::Moving => "moving",
        Health::Ok => "ok",
        Health::Done => "done",
        Health::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests;
