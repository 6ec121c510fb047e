//! Where handlers and the test meet.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex};

/// Counts by key.
#[derive(Default)]
pub struct Counts(Mutex<HashMap<String, u32>>);

impl Counts {
    pub fn add(&self, key: &str) -> u32 {
        let mut counts = self.0.lock().unwrap();
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        *count
    }

    pub fn get(&self, key: &str) -> u32 {
        self.0.lock().unwrap().get(key).copied().unwrap_or(0)
    }
}

/// A door at which handlers wait.
#[derive(Default)]
pub struct Door {
    open: Mutex<bool>,
    opened: Condvar,
    waiting: Mutex<u32>,
}

impl Door {
    pub fn wait(&self) {
        *self.waiting.lock().unwrap() += 1;
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.opened.wait(open).unwrap();
        }
        *self.waiting.lock().unwrap() -= 1;
    }

    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    pub fn is_open(&self) -> bool {
        *self.open.lock().unwrap()
    }

    /// Those who come from now on wait again.
    pub fn shut(&self) {
        *self.open.lock().unwrap() = false;
    }

    pub fn waiting(&self) -> u32 {
        *self.waiting.lock().unwrap()
    }
}
