//! The terminal while the program has it, and giving it back whatever happens.

use std::io::{self, BufWriter, Stdout, Write};

use crossterm::{
    ExecutableCommand, QueueableCommand,
    cursor::{Hide, Show},
    event::{
        DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
        EnableFocusChange, EnableMouseCapture,
    },
    terminal::{
        BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
        disable_raw_mode, enable_raw_mode,
    },
};
use ratatui::{
    backend::{Backend, CrosstermBackend},
    buffer::Buffer,
    layout::Rect,
};

use super::clipboard;

/// The width of the terminal in cells; none where there is no terminal, or one that does not tell.
#[must_use]
pub fn columns() -> Option<u16> {
    let (columns, _) = crossterm::terminal::size().ok()?;
    Some(columns).filter(|columns| *columns > 0)
}

/// The terminal, taken over: raw, on the alternate screen. Gives it back when dropped, and before a panic is told.
///
/// Frames go straight to the backend. `ratatui::Terminal` would ask the terminal where its cursor is and wait seconds
/// for one that does not answer, and print about a terminal that is gone, which then cannot be printed to either.
pub(super) struct Screen {
    backend: CrosstermBackend<BufWriter<Stdout>>,
    mouse: bool,
    /// What is on the screen now.
    shown: Buffer,
}

impl Screen {
    pub(super) fn take(mouse: bool) -> io::Result<Self> {
        // The theme drops colours itself; crossterm's own way of doing so takes the modifiers along.
        crossterm::style::force_color_output(true);
        give_back_before_panic();
        let writer = BufWriter::with_capacity(1 << 16, io::stdout());
        let mut screen = Self {
            backend: CrosstermBackend::new(writer),
            mouse,
            shown: Buffer::default(),
        };
        // From here on dropping the screen gives back what was taken, even if not all of it could be had.
        enter(mouse)?;
        screen.clear()?;
        Ok(screen)
    }

    pub(super) fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.backend.size()?;
        Ok((size.width, size.height))
    }

    /// Paints a frame. If nothing on it differs from what is shown, not a byte is written.
    pub(super) fn paint(&mut self, draw: impl FnOnce(Rect, &mut Buffer)) -> io::Result<()> {
        let size = self.backend.size()?;
        let area = Rect::new(0, 0, size.width, size.height);
        let mut next = Buffer::empty(area);
        draw(area, &mut next);
        if next == self.shown {
            return Ok(());
        }
        self.backend.queue(BeginSynchronizedUpdate)?;
        if self.shown.area != area {
            self.backend.clear()?;
            self.shown = Buffer::empty(area);
        }
        self.backend.draw(self.shown.diff(&next).into_iter())?;
        self.backend.queue(EndSynchronizedUpdate)?;
        Write::flush(&mut self.backend)?;
        self.shown = next;
        Ok(())
    }

    /// Forgets what is shown, so that the next frame is painted whole.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.shown = Buffer::default();
        self.backend.clear()
    }

    /// Puts text on the terminal's clipboard; what to say about it.
    pub(super) fn copy(&mut self, what: &str, text: &str) -> Result<String, String> {
        let variable = |name| std::env::var(name).unwrap_or_default();
        let tmux = !variable("TMUX").is_empty();
        let screen = variable("TERM").starts_with("screen") && !tmux;
        let Some(sequence) = clipboard::osc52(text, tmux, screen) else {
            return Err(format!(
                "the {what} is too long for the clipboard; ctrl-s saves it"
            ));
        };
        let sent = self
            .backend
            .write_all(sequence.as_bytes())
            .and_then(|()| Write::flush(&mut self.backend));
        match sent {
            Ok(()) => {
                let count = text.chars().count();
                Ok(format!(
                    "copied the {what} ({count} characters) to the terminal's clipboard"
                ))
            }
            Err(error) => Err(format!("cannot copy: {error}")),
        }
    }

    /// Stops the process as the shell's Ctrl-Z would, and takes the terminal over again when it goes on.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        leave()?;
        #[cfg(unix)]
        signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)?;
        enter(self.mouse)?;
        self.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone cannot be given back.
        let _ = leave();
    }
}

fn enter(mouse: bool) -> io::Result<()> {
    enable_raw_mode()?;
    let mut out = io::stdout();
    out.queue(EnterAlternateScreen)?
        .queue(EnableBracketedPaste)?
        .queue(EnableFocusChange)?;
    if mouse {
        out.queue(EnableMouseCapture)?;
    }
    out.execute(Hide)?;
    Ok(())
}

fn leave() -> io::Result<()> {
    let mut out = io::stdout();
    out.queue(DisableMouseCapture)?
        .queue(DisableFocusChange)?
        .queue(DisableBracketedPaste)?
        .queue(LeaveAlternateScreen)?;
    out.execute(Show)?;
    disable_raw_mode()
}

fn give_back_before_panic() {
    let tell = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let _ = leave();
        tell(panic);
    }));
}
