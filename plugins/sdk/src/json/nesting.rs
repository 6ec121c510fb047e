//! Which arrays and objects are open: a bit each, so that no depth ends the stack.

/// What is open around a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// `[`
    Array,
    /// `{`
    Object,
}

/// The open containers, the innermost last. Up to 64 of them take no allocation.
#[derive(Default)]
pub struct Nesting {
    innermost: u64,
    outer: Vec<u64>,
    depth: usize,
}

const BITS: usize = u64::BITS as usize;

impl Nesting {
    pub fn push(&mut self, container: Container) {
        if self.depth > 0 && self.depth.is_multiple_of(BITS) {
            self.outer.push(self.innermost);
        }
        self.innermost = self.innermost << 1 | u64::from(container == Container::Object);
        self.depth += 1;
    }

    pub fn pop(&mut self) {
        self.depth -= 1;
        self.innermost >>= 1;
        if self.depth > 0 && self.depth.is_multiple_of(BITS) {
            self.innermost = self.outer.pop().unwrap_or_default();
        }
    }

    pub fn innermost(&self) -> Option<Container> {
        match (self.depth, self.innermost & 1) {
            (0, _) => None,
            (_, 0) => Some(Container::Array),
            _ => Some(Container::Object),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_opened_last_is_closed_first() {
        let container = |index: usize| match index % 3 {
            0 => Container::Object,
            _ => Container::Array,
        };
        let mut nesting = Nesting::default();
        for depth in 0..300 {
            nesting.push(container(depth));
        }
        for depth in (0..300).rev() {
            assert_eq!(nesting.innermost(), Some(container(depth)));
            nesting.pop();
        }
        assert_eq!(nesting.innermost(), None);
    }
}
