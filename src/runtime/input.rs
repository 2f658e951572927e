//! Terminal events in the program's own words.

use crossterm::event::{
    Event as Terminal, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind,
};

use crate::{
    app::Event,
    keymap::{Code, Key},
};

/// Lines that one notch of the wheel moves.
const NOTCH: i32 = 3;

/// Translates an event; none for what the program has no use for.
pub(super) fn translate(event: Terminal) -> Option<Event> {
    match event {
        Terminal::Key(key) if key.kind != KeyEventKind::Release => {
            translate_key(key).map(Event::Key)
        }
        Terminal::Key(_) => None,
        Terminal::Paste(text) => Some(Event::Paste(text)),
        Terminal::Resize(width, height) => Some(Event::Resize(width, height)),
        Terminal::FocusGained => Some(Event::Focus(true)),
        Terminal::FocusLost => Some(Event::Focus(false)),
        Terminal::Mouse(mouse) => {
            let lines = match mouse.kind {
                MouseEventKind::ScrollDown => Some(NOTCH),
                MouseEventKind::ScrollUp => Some(-NOTCH),
                MouseEventKind::Down(MouseButton::Left) => None,
                _ => return None,
            };
            Some(Event::Mouse {
                lines,
                row: mouse.row,
            })
        }
    }
}

fn translate_key(key: KeyEvent) -> Option<Key> {
    let code = match key.code {
        KeyCode::Char(character) => Code::Char(character),
        KeyCode::F(number) => Code::F(number),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        _ => return None,
    };
    let held = key.modifiers;
    let letter = matches!(code, Code::Char(_) | Code::BackTab);
    Some(Key {
        code,
        ctrl: held.contains(KeyModifiers::CONTROL),
        alt: held.contains(KeyModifiers::ALT),
        shift: held.contains(KeyModifiers::SHIFT) && !letter,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifted_letters_carry_no_shift() {
        let event = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(translate_key(event), Some(Key::char('G')));
        let event = KeyEvent::new(KeyCode::Left, KeyModifiers::SHIFT);
        assert_eq!(
            translate_key(event).map(|key| key.to_string()).as_deref(),
            Some("shift-left")
        );
    }
}
