//! Costs of the attribute and of each feature at compile time.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::time::Instant;

use nix::sys::resource::UsageWho;
use nix::sys::resource::getrusage;

/// Functions in the generated crate.
pub const FUNCTIONS: usize = 400;

/// How the generated functions are marked: the name of the column, and what stands before `async fn`.
pub const MARKS: [(&str, &str); 3] = [
    ("plain", ""),
    (
        "`#[rate_limited]`",
        "#[paced::rate_limited(rate = 5, burst = 10)]",
    ),
    ("`#[tracing::instrument]`", "#[tracing::instrument]"),
];

/// CPU seconds of a debug build of [`FUNCTIONS`] functions with each of [`MARKS`], the best of five
/// that take turns. The dependencies are built before.
///
/// # Errors
///
/// Where files cannot be written or cargo fails.
pub fn compile_functions(root: &Path) -> io::Result<[f64; MARKS.len()]> {
    let folder = scratch("bench-functions")?;
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest(root))?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let source = folder.join("src/main.rs");
    fs::write(&source, "fn main() {}\n")?;
    build(&folder)?;
    let mut best = [f64::INFINITY; MARKS.len()];
    for round in 0..5 {
        for (best, (_, mark)) in best.iter_mut().zip(MARKS) {
            fs::write(&source, functions(mark, round))?;
            let before = cpu_of_children()?;
            build(&folder)?;
            *best = best.min(cpu_of_children()?.saturating_sub(before).as_secs_f64());
        }
    }
    Ok(best)
}

fn manifest(root: &Path) -> String {
    format!(
        "[package]\nname = \"functions\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [profile.dev]\nincremental = false\n\n\
         [dependencies]\npaced = {{ path = \"{}\" }}\n\
         tokio = {{ version = \"1\", features = [\"rt\", \"time\"] }}\n\
         tracing = {{ version = \"0.1\", default-features = false, features = [\"attributes\", \"std\"] }}\n",
        root.join("runtime").display(),
    )
}

/// A program that boxes each future, so that all of them are compiled whole.
fn functions(mark: &str, round: usize) -> String {
    let mut code = format!(
        "// {round}\nuse std::io;\n\nasync fn request(id: u64) -> io::Result<u64> {{\n    \
         tokio::task::yield_now().await;\n    Ok(id)\n}}\n\n"
    );
    let mut calls = String::new();
    for i in 0..FUNCTIONS {
        let _ = write!(
            code,
            "{mark}\nasync fn f{i}(id: u64) -> io::Result<u64> {{\n    \
             let found = request(id + {i}).await?;\n    Ok(found + 1)\n}}\n\n"
        );
        let _ = writeln!(calls, "    boxed.push(Box::pin(f{i}({i})));");
    }
    let _ = write!(
        code,
        "type Boxed = std::pin::Pin<Box<dyn Future<Output = io::Result<u64>> + Send>>;\n\n\
         fn main() {{\n    let mut boxed: Vec<Boxed> = Vec::new();\n{calls}    \
         println!(\"{{}}\", boxed.len());\n}}\n"
    );
    code
}

/// Cost of a feature.
#[derive(Clone, Copy, Debug)]
pub struct FeatureCost {
    /// Crates in the tree of normal dependencies, `paced` and its macros included.
    pub crates: usize,
    /// Seconds of a debug build from nothing.
    pub seconds: f64,
    /// CPU seconds of the same.
    pub cpu_seconds: f64,
}

/// The features of `paced`, from its manifest; none is the empty name.
///
/// # Errors
///
/// Where the manifest cannot be read.
pub fn features(root: &Path) -> io::Result<Vec<String>> {
    let manifest = fs::read_to_string(root.join("runtime/Cargo.toml"))?;
    let section = manifest.split("\n[features]\n").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    let names = lines.filter_map(|line| line.split_once(" = ")?.0.split('#').next());
    let names = names.filter(|name| !name.is_empty() && *name != "default");
    Ok([""].into_iter().chain(names).map(str::to_owned).collect())
}

/// Crates and a cold build of `paced` with one feature.
///
/// # Errors
///
/// Where cargo fails.
pub fn build_feature(root: &Path, feature: &str) -> io::Result<FeatureCost> {
    let target = scratch("bench-feature")?;
    let wanted = [
        "-p",
        "paced",
        "--no-default-features",
        "--features",
        feature,
    ];
    let tree = cargo(root)
        .arg("tree")
        .args(wanted)
        .args(["-e", "normal", "--prefix", "none", "--format", "{p}"])
        .output()?;
    let tree = String::from_utf8_lossy(&tree.stdout).into_owned();
    let crates: BTreeSet<_> = tree.lines().map(name_and_version).collect();
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let (begun, before) = (Instant::now(), cpu_of_children()?);
    run(cargo(root)
        .arg("build")
        .args(wanted)
        .env("CARGO_TARGET_DIR", &target))?;
    let cost = FeatureCost {
        crates: crates.len(),
        seconds: begun.elapsed().as_secs_f64(),
        cpu_seconds: cpu_of_children()?.saturating_sub(before).as_secs_f64(),
    };
    fs::remove_dir_all(&target)?;
    Ok(cost)
}

fn name_and_version(line: &str) -> String {
    line.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

fn build(folder: &Path) -> io::Result<()> {
    run(cargo(folder)
        .arg("build")
        .env("CARGO_TARGET_DIR", folder.join("target")))
}

/// Runs a command quietly.
///
/// # Errors
///
/// Where it fails.
pub fn run(command: &mut Command) -> io::Result<()> {
    let status = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    if status.success() {
        Ok(())
    } else {
        Err(io::Error::other(format!("{command:?}: {status}")))
    }
}

/// A folder beside this program's profile in the target folder.
fn scratch(name: &str) -> io::Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program.ancestors().nth(2);
    Ok(target.unwrap_or(Path::new("target")).join(name))
}

/// Cargo in a folder, as if started by hand.
pub fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(option_env!("CARGO").unwrap_or("cargo"));
    command.current_dir(folder).env_remove("RUSTFLAGS");
    command
}

fn cpu_of_children() -> io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let spent = [usage.user_time(), usage.system_time()].map(|time| {
        Duration::from_secs(time.tv_sec().unsigned_abs())
            + Duration::from_micros(time.tv_usec().unsigned_abs())
    });
    Ok(spent[0] + spent[1])
}
