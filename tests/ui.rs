//! The compiler's messages about every misuse, word for word.

use std::path::Path;
use std::process::Command;

#[test]
fn right_use_compiles() {
    trybuild::TestCases::new().pass("ui/pass/*.rs");
}

#[test]
fn misuse_is_explained() {
    if is_pinned_toolchain() {
        // Not beside the cases above, which would have to be built and run one by one together with these.
        trybuild::TestCases::new().compile_fail("ui/fail/*.rs");
    }
}

/// Compilers word their errors differently, so the recorded ones are those of one version.
fn is_pinned_toolchain() -> bool {
    let pinned = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.ci/toolchain");
    let pinned = std::fs::read_to_string(pinned).expect("the pinned version");
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .output()
        .expect("a compiler");
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    version.starts_with(&format!("rustc {} ", pinned.trim()))
}
