//! A door at which handlers wait.

use std::sync::{Condvar, Mutex};

/// See the module.
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
