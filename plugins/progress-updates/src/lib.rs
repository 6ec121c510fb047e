//! Penstock.
