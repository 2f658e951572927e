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
    /// Find anything that is known.
    Find,
    /// Go to another profile or region.
    Context,
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
    /// Everything that can be done to the row.
    Actions,
    /// Mark the row, or unmark it.
    Select,
    /// Mark the rows from the last one marked to this one.
    SelectRange,
    /// Take back what was done last.
    Undo,
    /// The logs of the row.
    Logs,
    /// The last lines of the task that stopped last.
    PreviousLogs,
    /// The use of CPU, memory and network over time.
    Chart,
    /// The next chart.
    NextPanel,
    /// The chart of CPU.
    PanelOne,
    /// The chart of memory.
    PanelTwo,
    /// The chart of the network.
    PanelThree,
    /// Go on with new lines, or stay.
    Follow,
    /// Show or hide the times of lines.
    Times,
    /// Fold JSON lines to message and fields, or show them as they came.
    Fold,
    /// The next line that tells of an error.
    NextError,
    /// The line before that tells of an error.
    PreviousError,
    /// Draw a line under what was written so far.
    Mark,
    /// Take away what is shown; new lines go on.
    Clear,
    /// Between showing only the matches and showing all.
    FilterOrHighlight,
    /// More lines around each match.
    MoreContext,
    /// Fewer lines around each match.
    LessContext,
    /// The newest lines, and what comes.
    SinceTail,
    /// From the beginning.
    SinceHead,
    /// The last minute.
    SinceMinute,
    /// The last five minutes.
    SinceFiveMinutes,
    /// The last quarter of an hour.
    SinceQuarter,
    /// The last half hour.
    SinceHalfHour,
    /// The last hour.
    SinceHour,
}

/// Where a command works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    /// Wherever keys are commands.
    Everywhere,
    /// In tables.
    Table,
    /// On pages.
    Page,
    /// In logs.
    Logs,
    /// In charts.
    Chart,
    /// On pages and in logs.
    Text,
}

impl Area {
    /// Where it is, in a word or two.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Everywhere => "everywhere",
            Self::Table => "tables",
            Self::Page => "pages",
            Self::Logs => "logs",
            Self::Chart => "charts",
            Self::Text => "pages, logs",
        }
    }

    /// Whether what works here works in another area too.
    #[must_use]
    pub fn includes(self, other: Self) -> bool {
        self == other
            || self == Self::Everywhere
            || self == Self::Text && matches!(other, Self::Page | Self::Logs)
    }
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
    Find "find" ["ctrl-p"] Everywhere "find" "Find anything known by name, id, address, image or ARN (:find, jump, search)"
    Context "context" ["P"] Everywhere "" "Go to another profile or region (:profile, :region, account, switch)"
    Filter "filter" ["/"] Everywhere "filter" "Filter rows (words, /regex/, !not), or search a page"
    Help "help" ["?"] Everywhere "help" "This page; type to search, enter runs"
    Describe "describe" ["d"] Table "describe" "All about the row, readable (describe, show, inspect)"
    Logs "logs" ["l"] Everywhere "logs" "The logs of the service, task or container, live (tail)"
    PreviousLogs "logs.previous" ["p"] Everywhere "" "The last lines of the task that stopped last (previous)"
    Actions "actions" ["a"] Everywhere "actions" "What can be done to the row, and why not (menu, delete, edit)"
    Select "select" ["space"] Table "" "Mark the row for a deed on several, or unmark it"
    SelectRange "select.range" ["V"] Table "" "Mark the rows from the last one marked to this one"
    Undo "undo" ["U"] Everywhere "" "Take back what was done last, after a plan of its own"
    Chart "chart" ["m"] Table "chart" "CPU, memory and network of the last quarter of an hour (metrics, stats)"
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
    NextMatch "match.next" ["n"] Text "" "The next match"
    PreviousMatch "match.previous" ["N"] Text "" "The match before"
    Reveal "reveal" ["m"] Page "" "Show or mask secret values"
    NextPanel "chart.next" ["tab"] Chart "next chart" "The next chart: CPU, memory, network"
    PanelOne "chart.cpu" ["1"] Chart "" "The chart of CPU"
    PanelTwo "chart.memory" ["2"] Chart "" "The chart of memory"
    PanelThree "chart.network" ["3"] Chart "" "The chart of the network"
    Follow "log.follow" ["s"] Logs "" "Go on with new lines, or stay (scroll)"
    FilterOrHighlight "log.highlight" ["tab"] Logs "" "Between only the matches and all lines with the matches marked"
    MoreContext "log.context.more" [">"] Logs "context" "Where only matches are shown: one more line around each"
    LessContext "log.context.less" ["<"] Logs "" "One line less around each match"
    NextError "log.error.next" ["e"] Logs "next error" "The next line that tells of an error"
    PreviousError "log.error.previous" ["E"] Logs "" "The line before that tells of an error"
    Times "log.times" ["t"] Logs "times" "Show or hide the times of lines"
    Fold "log.fold" ["f"] Logs "fold" "JSON lines as message and fields, or as they came"
    Mark "log.mark" ["m"] Logs "mark" "Draw a line under what was written so far"
    Clear "log.clear" ["C"] Logs "" "Take away what is shown; new lines go on"
    SinceTail "log.since.tail" ["0"] Logs "since" "The newest lines, and what comes"
    SinceHead "log.since.head" ["1"] Logs "" "From the beginning"
    SinceMinute "log.since.1m" ["2"] Logs "" "The last minute"
    SinceFiveMinutes "log.since.5m" ["3"] Logs "" "The last five minutes"
    SinceQuarter "log.since.15m" ["4"] Logs "" "The last quarter of an hour"
    SinceHalfHour "log.since.30m" ["5"] Logs "" "The last half hour"
    SinceHour "log.since.1h" ["6"] Logs "" "The last hour"
    Wrap "wrap" ["w"] Text "wrap" "Wrap long lines, or not"
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
