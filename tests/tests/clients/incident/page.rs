//! A page of the documentation whose blocks are what was really printed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use super::usual::{timeless, usual};

/// Set, it has the page written anew in place of compared.
const BLESS: &str = "PENSTOCK_BLESS";

/// Each block follows a line `<!-- printed: NAME -->`.
pub struct Page {
    path: PathBuf,
    text: String,
    wrong: Vec<String>,
}

impl Page {
    /// A page under `docs`.
    pub fn open(name: &str) -> Result<Page> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
        let path = root.join(name);
        let text =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Page {
            path,
            text,
            wrong: Vec::new(),
        })
    }

    /// The page has this text, letter for letter.
    pub fn quotes(&self, text: &str) -> Result<()> {
        ensure!(
            self.text.contains(text),
            "{} does not quote:\n{text}",
            self.path.display()
        );
        Ok(())
    }

    /// What was printed belongs in this block.
    pub fn print(&mut self, name: &str, printed: &str) -> Result<()> {
        self.print_if(name, printed, |page, now| page == now)
    }

    /// The same, of what comes in one order as well as in another.
    pub fn print_unordered(&mut self, name: &str, printed: &str) -> Result<()> {
        self.print_if(name, printed, |page, now| {
            let (mut page, mut now) = (page.to_vec(), now.to_vec());
            page.sort_unstable();
            now.sort_unstable();
            page == now
        })
    }

    fn print_if(
        &mut self,
        name: &str,
        printed: &str,
        same: impl Fn(&[&str], &[&str]) -> bool,
    ) -> Result<()> {
        let marker = format!("<!-- printed: {name} -->\n```text\n");
        let (before, rest) = self
            .text
            .split_once(&marker)
            .with_context(|| format!("{} has no block {name}", self.path.display()))?;
        let (block, after) = rest
            .split_once("\n```\n")
            .with_context(|| format!("the block {name} does not end"))?;
        let printed = usual(printed.trim_end());
        let (page, now) = (timeless(block), timeless(&printed));
        if same(&words(&page), &words(&now)) {
            return Ok(());
        }
        let wrong = format!("{name} is, on the page:\n{block}\nand really:\n{printed}\n");
        self.wrong.push(wrong);
        self.text = format!("{before}{marker}{printed}\n```\n{after}");
        Ok(())
    }

    /// The page says what was printed, or is made to.
    pub fn close(self) -> Result<()> {
        if std::env::var_os(BLESS).is_some() {
            fs::write(&self.path, &self.text).context("cannot write the page")?;
        } else if !self.wrong.is_empty() {
            bail!(
                "{} is out of date; {BLESS}=1 writes it anew:\n{}",
                self.path.display(),
                self.wrong.join("\n")
            );
        }
        Ok(())
    }
}

/// Columns are as wide as what is in them, and lines break where they are full.
fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}
