//! House checks: what no compiler looks at, and what decays unless something does.

mod documents;
mod files;
mod layers;
mod links;
mod sources;
