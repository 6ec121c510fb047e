//! A plugin that takes long to compile: a built one with a module beside it that nobody uses.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::layout::plugin;

/// Instructions of one function: 28 KB.
const STEPS: usize = 4_000;

/// Writes the plugin `name` to `file`, with so many functions more, which differ by `seed`. A hundred
/// of them take more than a second of processor time to compile.
///
/// # Errors
/// When it isn't built, or can't be written.
pub fn heavy(name: &str, file: &Path, functions: usize, seed: u64) -> Result<()> {
    let built = plugin(name)?;
    let mut component = fs::read(&built).with_context(|| format!("{}", built.display()))?;
    let is_component = component.get(4..8) == Some(&[0x0d, 0, 1, 0]);
    ensure!(is_component, "{} is no component", built.display());
    const CORE_MODULE: u8 = 1;
    section(&mut component, CORE_MODULE, &module(functions, seed));
    fs::write(file, component).with_context(|| format!("cannot write {}", file.display()))
}

/// A core module whose functions make one number of another.
fn module(functions: usize, seed: u64) -> Vec<u8> {
    const TYPES: u8 = 1;
    const FUNCTIONS: u8 = 3;
    const CODE: u8 = 10;
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    section(&mut module, TYPES, &[1, 0x60, 1, 0x7e, 1, 0x7e]);
    let mut types = Vec::new();
    unsigned(&mut types, functions as u64);
    types.extend(std::iter::repeat_n(0, functions));
    section(&mut module, FUNCTIONS, &types);
    let mut code = Vec::new();
    unsigned(&mut code, functions as u64);
    let mut number = seed;
    for _ in 0..functions {
        let body = body(&mut number);
        unsigned(&mut code, body.len() as u64);
        code.extend(body);
    }
    section(&mut module, CODE, &code);
    module
}

fn body(number: &mut u64) -> Vec<u8> {
    const MULTIPLY: u8 = 0x7e;
    const XOR: u8 = 0x85;
    // No locals; then the argument.
    let mut body = vec![0, 0x20, 0];
    for step in 0..STEPS {
        *number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        // i64.const of five bytes: below 2^34, so that its sign is plus.
        body.push(0x42);
        unsigned(&mut body, (*number >> 31) | 1 << 32);
        body.push(if step % 2 == 0 { MULTIPLY } else { XOR });
    }
    body.push(0x0b);
    body
}

fn section(to: &mut Vec<u8>, id: u8, content: &[u8]) {
    to.push(id);
    unsigned(to, content.len() as u64);
    to.extend_from_slice(content);
}

/// LEB128.
fn unsigned(to: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}
