//! The commands of the program: one table feeds the keymap, the help page, the hints and the documentation.

/// What a key can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// One row or line up.
    Up,
    /// One row or line down.
    Down,
    /// To the first.
    Top,
    /// To the last.
    Bottom,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// Half a page up.
    HalfUp,
    /// Half a page down.
    HalfDown,
    /// Scroll columns or text to the left.
    Left,
    /// Scroll columns or text to the right.
    Right,
    /// Go into the row.
    Enter,
    /// Peel off one layer.
    Back,
    /// Back; at the top, leave.
    Quit,
    /// Cancel; twice, leave.
    Interrupt,
    /// Open the command line.
    CommandLine,
    /// Filter rows, or search a page.
    Filter,
    /// The next match.
    NextMatch,
    /// The match before.
    PreviousMatch,
    /// The help page.
    Help,
    /// The place before, in time.
    HistoryBack,
    /// The place after, in time.
    HistoryForward,
    /// The place this one was reached from; again, and back.
    LastPlace,
    /// The clusters.
    Home,
    /// The readable page of the row.
    Describe,
    /// The whole API answer of the row.
    Raw,
    /// Between JSON and YAML.
    Format,
    /// Copy the name of the row.
    CopyName,
    /// Choose what to copy.
    CopyMenu,
    /// Ask again now.
    Refresh,
    /// Paint everything again.
    Redraw,
    /// Give the shell back for a while.
    Suspend,
    /// The next facet: running or stopped tasks.
    Facet,
    /// Choose the column to sort by.
    Sort,
    /// Sort by the column to the left.
    SortLeft,
    /// Sort by the column to the right.
    SortRight,
    /// Turn the order around.
    SortReverse,
    /// Sort by name.
    SortName,
    /// Sort by age.
    SortAge,
    /// Sort by status.
    SortStatus,
    /// Only unhealthy rows.
    Unhealthy,
    /// All columns.
    Wide,
    /// Show or hide the header.
    Header,
    /// Show or hide the crumbs.
    Crumbs,
    /// Show or mask secret values.
    Reveal,
    /// Wrap long lines, or not.
    Wrap,
    /// Write what is shown to a file.
    Save,
}

/// Where a command works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    /// In tables and on pages.
    Everywhere,
    /// In tables.
    Table,
    /// On pages.
    Page,
}

/// A command with all that is said about it.
pub struct Entry {
    /// The command.
    pub command: Command,
    /// The name that overrides use.
    pub id: &'static str,
    /// The default keys, the first is the one that hints show.
    pub keys: &'static [&'static str],
    /// Where it works.
    pub area: Area,
    /// A word for the line of hints; empty if it is too common to be hinted.
    pub label: &'static str,
    /// A sentence for the help page.
    pub about: &'static str,
}

/// Every command there is, in the order of the help page.
#[must_use]
pub fn entries() -> &'static [Entry] {
    ENTRIES
}

macro_rules! table {
    ($($command:ident $id:literal $keys:tt $area:ident $label:literal $about:literal)*) => {
        const ENTRIES: &[Entry] = &[$(Entry {
            command: Command::$command,
            id: $id,
            keys: &$keys,
            area: Area::$area,
            label: $label,
            about: $about,
        }),*];
    };
}

table! {
    Enter "enter" ["enter"] Everywhere "open" "Go into the row: cluster, service, task, container"
    Back "back" ["esc"] Everywhere "back" "Peel off one layer: a prompt, a filter, a page, a table"
    Quit "quit" ["q"] Everywhere "" "Back; at the top, leave"
    Interrupt "interrupt" ["ctrl-c"] Everywhere "" "Cancel; twice, leave"
    CommandLine "command" [":"] Everywhere "command" "Go anywhere by name: :svc, :task, :svc all"
    Filter "filter" ["/"] Everywhere "filter" "Filter rows (words, /regex/, !not), or search a page"
    Help "help" ["?"] Everywhere "help" "This page; type to search, enter runs"
    Describe "describe" ["d"] Table "describe" "All about the row, readable (describe, show, inspect)"
    Raw "raw" ["y"] Everywhere "yaml" "The whole API answer of the row (yaml, json)"
    Format "format" ["J"] Page "json/yaml" "Between YAML and JSON"
    Refresh "refresh" ["ctrl-r", "R"] Everywhere "" "Ask AWS again now (reload)"
    Facet "facet" ["x"] Table "" "Between running and stopped tasks"
    Unhealthy "unhealthy" ["!"] Table "unhealthy" "Only what is unhealthy; again, everything"
    Sort "sort" [","] Table "sort" "Choose the column to sort by"
    SortLeft "sort.left" ["shift-left", "<"] Table "" "Sort by the column to the left"
    SortRight "sort.right" ["shift-right", ">"] Table "" "Sort by the column to the right"
    SortReverse "sort.reverse" ["O"] Table "" "Turn the order around"
    SortName "sort.name" ["N"] Table "" "Sort by the first column"
    SortAge "sort.age" ["A"] Table "" "Sort by age"
    SortStatus "sort.status" ["S"] Table "" "Sort by status"
    Up "up" ["k", "up"] Everywhere "" "One up"
    Down "down" ["j", "down"] Everywhere "" "One down"
    Top "top" ["g", "home"] Everywhere "" "To the first"
    Bottom "bottom" ["G", "end"] Everywhere "" "To the last"
    PageDown "page.down" ["ctrl-f", "pagedown"] Everywhere "" "A page down"
    PageUp "page.up" ["ctrl-b", "pageup"] Everywhere "" "A page up"
    HalfDown "half.down" ["ctrl-d"] Everywhere "" "Half a page down"
    HalfUp "half.up" ["ctrl-u"] Everywhere "" "Half a page up"
    Left "left" ["left", "h"] Everywhere "" "Scroll to the left"
    Right "right" ["right"] Everywhere "" "Scroll to the right"
    Wide "wide" ["ctrl-w"] Table "" "More columns and shorter texts, or the other way round"
    NextMatch "match.next" ["n"] Page "" "The next match"
    PreviousMatch "match.previous" ["N"] Page "" "The match before"
    Reveal "reveal" ["m"] Page "" "Show or mask secret values"
    Wrap "wrap" ["w"] Page "wrap" "Wrap long lines, or not"
    CopyName "copy" ["c"] Everywhere "copy" "Copy the name of the row, or the page"
    CopyMenu "copy.menu" ["Y"] Table "" "Choose what to copy: ARN, id, address, console link, command"
    Save "save" ["ctrl-s"] Everywhere "" "Write what is shown to a file"
    HistoryBack "history.back" ["["] Everywhere "" "The place before, in time"
    HistoryForward "history.forward" ["]"] Everywhere "" "The place after, in time"
    LastPlace "last" ["-"] Everywhere "" "The place before this one; again, and back"
    Home "home" ["~"] Everywhere "" "The clusters"
    Header "header" ["ctrl-e"] Everywhere "" "Show or hide the header"
    Crumbs "crumbs" ["ctrl-g"] Everywhere "" "Show or hide the crumbs"
    Redraw "redraw" ["ctrl-l"] Everywhere "" "Paint the screen again"
    Suspend "suspend" ["ctrl-z"] Everywhere "" "Give the shell back; fg returns here"
}
