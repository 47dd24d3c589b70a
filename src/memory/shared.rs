use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Keep, Memory};

/// A memory that two threads share.
#[derive(Debug, Clone, Default)]
pub struct Shared(Arc<Mutex<Memory>>);

impl Shared {
    pub fn new(keep: Keep) -> Self {
        Self(Arc::new(Mutex::new(Memory::new(keep))))
    }

    pub fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
