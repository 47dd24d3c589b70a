//! `/edit N`: a message that waits elsewhere, changed in the user's editor.

use tokio::sync::oneshot;

use super::Entry;
use super::draft::Draft;
use super::reader::Reader;
use super::recall::bytes;
use super::waiting::{Editing, Waiting};
use crate::diagnostic::one_line;

impl Reader {
    /// Lets the user change a message that waits; it still waits if there is nothing to change it to.
    pub(super) fn edit_waiting(&mut self, line: &str, waiting: &dyn Waiting) {
        let Editing {
            number,
            text,
            is_hex,
        } = match waiting.find(line) {
            Ok(editing) => editing,
            Err(why) => return self.complain(&why),
        };
        let written = self.lend(|this| this.loan.lend(|| Draft::write(&this.command, &text)));
        let draft = match written {
            Ok(draft) => draft,
            Err(error) => {
                return self.complain(&format!("{}; #{number} is still held", one_line(&error)));
            }
        };
        let payload = if is_hex {
            bytes(&draft.text)
        } else {
            Ok(draft.text.clone().into_bytes())
        };
        match payload {
            Ok(payload) => {
                let (taken, _) = oneshot::channel();
                self.report(Entry::Edited(Ok(draft.of(number, payload)), taken));
            }
            Err(why) => {
                let kept = draft.keep();
                self.complain(&format!("{why}; #{number} is still held; {kept}"));
            }
        }
    }
}
