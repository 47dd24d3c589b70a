/// How much is kept: both bounds hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    pub messages: usize,
    /// Payload, with what each message takes besides it.
    pub bytes: usize,
}

impl Keep {
    pub const NOTHING: Self = Self {
        messages: 0,
        bytes: 0,
    };
    /// An afternoon of a chatty server, in no more memory than a page of a browser takes.
    pub const DEFAULT: Self = Self {
        messages: 10_000,
        bytes: 64 << 20,
    };
}

impl Default for Keep {
    fn default() -> Self {
        Self::DEFAULT
    }
}
