//! The keys of the prompt, for `/help keys` and the manual page.

/// Keys, and what they do.
pub const KEYS: &[(&str, &str)] = &[
    (
        "Enter",
        "send the line; with an open { or [, another line follows",
    ),
    (
        "Enter after …",
        "add the line; an empty line sends all, a /command is executed",
    ),
    ("Alt-Enter", "add a line"),
    (
        "Tab",
        "complete a command, its argument, a path or a variable",
    ),
    ("Right, End", "take the grey suggestion"),
    ("Up, Down", "earlier lines; those that begin like this one"),
    ("Ctrl-R", "search earlier lines"),
    ("Ctrl-A, Ctrl-E", "go to the start or the end of the line"),
    ("Alt-B, Alt-F", "go back or forward by a word"),
    (
        "Ctrl-U, Ctrl-K, Ctrl-W",
        "delete up to the cursor, from it, or the word before it",
    ),
    ("Ctrl-Y", "insert what was deleted"),
    ("Ctrl-_", "undo"),
    ("Ctrl-V", "insert the next key as it is, such as Ctrl-V Tab"),
    ("Ctrl-L", "clear the screen"),
    ("F2", "the full screen of /view; q comes back"),
    (
        "Ctrl-C",
        "drop what is typed; twice on an empty line, close and leave",
    ),
    ("Ctrl-D", "close and leave, if nothing is typed"),
    ("Ctrl-Z", "suspend wsee; fg continues it (not on Windows)"),
];
