//! What a report must not show: values whose key says that they are secret.

use std::ops::Range;

use super::suggest;
use super::tree::{Node, Table, Value};

/// Whether a value under this key is kept out of reports; also if the key is misspelt.
pub(super) fn is_secret(key: &str) -> bool {
    const WORDS: [&str; 9] = [
        "pass",
        "secret",
        "token",
        "credential",
        "private",
        "pem",
        "api-key",
        "api_key",
        "apikey",
    ];
    let key = key.to_lowercase();
    let last = key
        .rsplit('.')
        .next()
        .unwrap_or(&key)
        .trim_matches([' ', '"', '\'']);
    WORDS.iter().any(|word| key.contains(word))
        || key.contains("sasl.oauthbearer.config")
        || suggest::nearest(last, ["token", "password", "secret"]).is_some()
}

/// The text with the values of secret keys blotted out, byte for byte so that places stay. The
/// variables in them are left: their names are needed, and are no secrets.
pub(super) fn blot(text: &str, tree: Option<&Node>) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if let Some(table) = tree.and_then(Node::table) {
        blot_table(table, &mut bytes);
    }
    // A line that could not be parsed has no value in the tree.
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(equals) = line.find('=')
            && is_secret(&line[..equals])
        {
            blot_range(&mut bytes, start + equals + 1..start + line.len());
        }
        start += line.len();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn blot_table(table: &Table, bytes: &mut [u8]) {
    for (key, entry) in table {
        match &entry.node.value {
            Value::Table(inner) => blot_table(inner, bytes),
            _ if is_secret(key) => {
                let place = entry.node.place;
                blot_range(bytes, place.start..place.end);
            }
            _ => {}
        }
    }
}

fn blot_range(bytes: &mut [u8], range: Range<usize>) {
    let Some(slice) = bytes.get_mut(range) else {
        return;
    };
    let mut i = 0;
    while i < slice.len() {
        if slice[i..].starts_with(b"${") {
            i = variable_end(slice, i);
        }
        if let Some(byte) = slice.get_mut(i)
            && !b"\n\r \"'".contains(byte)
        {
            *byte = b'*';
        }
        i += 1;
    }
}

/// The index of the `}` or of the `:` after the name, less one: what follows is blotted. The path of
/// a file is needed as a name is.
fn variable_end(slice: &[u8], start: usize) -> usize {
    if slice[start..].starts_with(b"${file:") {
        let path = slice[start..].iter().take_while(|b| !b"}\n\"'".contains(b));
        let end = start + path.count();
        let default = slice[start..end].windows(2).position(|of| of == b":-");
        return default.map_or(end + 1, |at| start + at).min(slice.len());
    }
    let name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let end = start + 2 + slice[start + 2..].iter().take_while(|b| name(b)).count();
    if slice.get(end) == Some(&b'}') {
        end + 1
    } else {
        end
    }
}
