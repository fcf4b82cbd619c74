//! Only a test: `main.rs`.
