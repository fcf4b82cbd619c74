//! The same programs in two settings of the compiler: release builds as they are by default, with sixteen code
//! generation units for each crate, and with one. The compiler inlines differently in each.

mod tables;

use core::fmt;
use std::collections::BTreeMap;
use std::env;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use crate::builds;
use crate::cases::CASES;
use crate::instructions;

/// A setting of the compiler, as a profile of the workspace.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Name in tables.
    pub name: &'static str,
    profile: &'static str,
}

/// Both settings, the default first.
pub const SETTINGS: [Setting; 2] = [
    Setting {
        name: "default",
        profile: "release",
    },
    Setting {
        name: "one unit",
        profile: "one-unit",
    },
];

/// Runs of each setting's program. They take turns.
pub const RUNS: usize = 5;

/// Figures of one setting.
#[derive(Debug, Default)]
pub struct Figures {
    /// Nanoseconds of each run, by case.
    nanos: BTreeMap<String, Vec<f64>>,
    /// Instructions by case, without those that valgrind could not count.
    instructions: BTreeMap<&'static str, f64>,
}

/// Figures of both settings, in the order of [`SETTINGS`].
#[derive(Debug)]
pub struct Compared(pub [Figures; SETTINGS.len()]);

/// The ratio of two cases of the same run: the middle one of all runs, the least and the most.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    /// The middle one.
    pub middle: f64,
    least: f64,
    most: f64,
}

impl Setting {
    /// Builds programs of this package.
    ///
    /// # Errors
    ///
    /// Where cargo fails.
    pub fn build(self, root: &Path, programs: &[&str]) -> io::Result<()> {
        let mut cargo = builds::cargo(root);
        cargo.args(["build", "--profile", self.profile, "-p", "bench"]);
        for program in programs {
            cargo.args(["--bin", program]);
        }
        builds::run(&mut cargo)
    }

    /// The path of one of this package's programs.
    fn program(self, name: &str) -> io::Result<PathBuf> {
        let this = env::current_exe()?;
        let target = this.ancestors().nth(2).unwrap_or(Path::new("target"));
        Ok(target.join(self.profile).join(name))
    }
}

impl Compared {
    /// Builds the programs, runs them in turns and counts their instructions. `note` hears of every run that
    /// begins.
    ///
    /// # Errors
    ///
    /// Where a program cannot be built or run.
    pub fn measure(root: &Path, note: impl Fn(&str)) -> io::Result<Self> {
        for setting in SETTINGS {
            note(&format!("build, {}", setting.name));
            setting.build(root, &["one", "single"])?;
        }
        let mut all = Self(SETTINGS.map(|_| Figures::default()));
        for run in 1..=RUNS {
            for (setting, figures) in SETTINGS.into_iter().zip(&mut all.0) {
                note(&format!("run {run}, {}", setting.name));
                figures.time(&setting.program("single")?)?;
            }
        }
        for (setting, figures) in SETTINGS.into_iter().zip(&mut all.0) {
            note(&format!("instructions, {}", setting.name));
            figures.count(&setting.program("one")?);
        }
        Ok(all)
    }
}

impl Figures {
    /// Runs `single` once.
    fn time(&mut self, single: &Path) -> io::Result<()> {
        let output = Command::new(single).output()?;
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            if let Some((nanos, name)) = line.trim().split_once("  ") {
                let nanos = nanos.parse().unwrap_or(f64::NAN);
                self.nanos.entry(name.to_owned()).or_default().push(nanos);
            }
        }
        Ok(())
    }

    /// Counts the instructions of each case.
    fn count(&mut self, one: &Path) {
        let counted = CASES.map(|case| (case.name, instructions::measure(one, case.name)));
        let counted = counted
            .into_iter()
            .filter_map(|(name, count)| Some((name, count?)));
        self.instructions.extend(counted);
    }

    /// The nanoseconds of a case: the median of all runs.
    pub fn nanos(&self, case: &str) -> f64 {
        self.nanos.get(case).map_or(f64::NAN, |runs| middle(runs))
    }

    /// The instructions of a case; `None` without valgrind.
    pub fn instructions(&self, case: &str) -> Option<f64> {
        self.instructions.get(case).copied()
    }

    /// How many times as long as `theirs` a case takes.
    pub fn ratio(&self, ours: &str, theirs: &str) -> Option<Ratio> {
        let (ours, theirs) = (self.nanos.get(ours)?, self.nanos.get(theirs)?);
        let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs);
        let ratios: Vec<f64> = ratios.collect();
        Some(Ratio {
            middle: middle(&ratios),
            least: ratios.iter().copied().fold(f64::INFINITY, f64::min),
            most: ratios.iter().copied().fold(0.0, f64::max),
        })
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            middle,
            least,
            most,
        } = self;
        write!(f, "{middle:.2} ({least:.2} to {most:.2})")
    }
}

fn middle(runs: &[f64]) -> f64 {
    let mut runs = runs.to_vec();
    runs.sort_by(f64::total_cmp);
    runs.get(runs.len() / 2).copied().unwrap_or(f64::NAN)
}
