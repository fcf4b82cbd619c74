//! The limit that all tenants have together, and its file, which is read again whenever it has changed.
//!
//! The limits of the tenants are not in it: a configuration reaches keyed limiters by their name, and this `static` has none.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use std::{env, fs, io, process};

use paced::{Config, Limiter, Quota};

use crate::client::Error;

/// Files of a run, and the time at which each is there. The last one has a mistake, and changes nothing.
pub(crate) const FILES: [(Duration, &str); 3] = [
    (
        Duration::ZERO,
        "[limiter.crm]\nrate = \"100/s\"\nburst = 10\nmode = \"observe\"\n",
    ),
    (
        Duration::from_millis(2500),
        "[limiter.crm]\nrate = \"400/s\"\nburst = 40\nmax_concurrency = 32\n",
    ),
    (
        Duration::from_secs(4),
        "[limiter.crm]\nrate = \"50/s\"\nmax_concurency = 4\n",
    ),
];

/// Time between two looks at the file. In a service 5 s are enough.
const LOOKS: Duration = Duration::from_millis(50);

/// Result of reading the file, each time that it was new.
pub(crate) type Log = Arc<Mutex<Vec<String>>>;

/// Returns the limiter that the configuration calls `crm`.
///
/// # Errors
///
/// When there is one already.
pub(crate) fn limiter() -> Result<Limiter, paced::Error> {
    // The declaration, for as long as no file says otherwise.
    let quota = Quota::per_second(NonZeroU32::new(200).unwrap());
    let in_flight = NonZeroU32::new(16).unwrap();
    Limiter::builder(quota)
        .name("crm")
        .max_concurrency(in_flight)
        .build()
}

/// Applies the file.
///
/// # Errors
///
/// When it cannot be read, or has a mistake. Then all limits stay as they are.
pub(crate) fn load(path: &Path) -> Result<(), Error> {
    let config = Config::from_toml(&fs::read_to_string(path)?)?;
    Ok(config.apply()?)
}

/// Applies the file whenever it has changed. Never ends.
pub(crate) async fn reload_when_changed(path: PathBuf, log: Log) {
    let mut applied = modified(&path);
    loop {
        tokio::time::sleep(LOOKS).await;
        let now = modified(&path);
        if now.is_some() && now != applied {
            applied = now;
            let event = match load(&path) {
                Ok(()) => "applied".to_owned(),
                Err(error) => error.to_string(),
            };
            log.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(event);
        }
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// Returns the path of a new file of this run.
pub(crate) fn path_of_run() -> PathBuf {
    env::temp_dir().join(format!("paced-tenants-{}.toml", process::id()))
}

/// Writes the file under another name and renames it, so that it is never read by halves.
///
/// # Errors
///
/// Errors of the file system.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, text)?;
    fs::rename(new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_file_has_a_mistake() {
        let mistakes = FILES.map(|(_, text)| Config::from_toml(text).err());
        let [None, None, Some(mistake)] = mistakes else {
            panic!("{mistakes:?}");
        };
        assert_eq!((mistake.line(), mistake.column()), (Some(3), Some(1)));
    }
}
