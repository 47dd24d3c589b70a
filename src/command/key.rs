//! The keys of the prompt, for the manual page.

/// Keys, and what they do.
pub const KEYS: &[(&str, &str)] = &[
    (
        "Enter",
        "sends the line, or continues it while a bracket or a quote is open",
    ),
    ("Alt-Enter", "adds a line; Ctrl-V Ctrl-J does the same"),
    ("Tab", "completes a command and its arguments"),
    ("Right, End", "accept the grey suggestion from the history"),
    ("Up, Down", "recall earlier lines"),
    ("Ctrl-R", "searches the history; Ctrl-G leaves the search"),
    ("Ctrl-A, Ctrl-E", "go to the start or the end of the line"),
    (
        "Ctrl-W, Ctrl-U, Ctrl-K",
        "delete a word, all before the cursor, all after it",
    ),
    ("Ctrl-Y", "inserts what was deleted"),
    ("Ctrl-L", "clears the screen"),
    (
        "Ctrl-C",
        "drops the line; on an empty line, pressed twice, closes the connection",
    ),
    (
        "Ctrl-D",
        "on an empty line, closes the connection and leaves",
    ),
    ("Ctrl-Z", "suspends wsee; fg resumes it"),
];
