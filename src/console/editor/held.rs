//! `/edit N`: a message that waits elsewhere, changed in the user's editor.

use tokio::sync::oneshot;

use super::Entry;
use super::draft::Draft;
use super::reader::Reader;
use super::recall::bytes;
use super::waiting::{Editing, Waiting};
use crate::diagnostic::one_line;

impl Reader {
    /// `/edit N` of a message that waits.
    pub(super) fn edit_waiting(&mut self, line: &str, waiting: &dyn Waiting) {
        let written = match waiting.find(line) {
            Ok(editing) => self.lend(|this| this.change(editing)),
            Err(why) => Err(why),
        };
        match written {
            Ok(draft) => self.changed(draft),
            Err(why) => self.complain(&why),
        }
    }

    /// Lets the user change a message that waits; it still waits if there is nothing to change it to.
    pub(super) fn change(&self, editing: Editing) -> Result<Draft, String> {
        let Editing {
            number,
            text,
            is_hex,
        } = editing;
        let written = self.loan.lend(|| Draft::write(&self.command, &text));
        let draft =
            written.map_err(|error| format!("{}; #{number} is still held", one_line(&error)))?;
        let payload = if is_hex {
            bytes(&draft.text)
        } else {
            Ok(draft.text.clone().into_bytes())
        };
        match payload {
            Ok(payload) => Ok(draft.of(number, payload)),
            Err(why) => {
                let kept = draft.keep();
                Err(format!("{why}; #{number} is still held; {kept}"))
            }
        }
    }

    pub(super) fn changed(&mut self, draft: Draft) {
        let (taken, _) = oneshot::channel();
        self.report(Entry::Edited(Ok(draft), taken));
    }
}
