//! Keys in a file.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use paced::Error;
use paced::rate_limited;

use super::ACME;
use super::running;

/// A folder that is removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("paced-keys-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a folder");
        Self(path)
    }

    fn url(&self) -> String {
        format!("sqlite:{}", self.0.join("quota.db").display())
    }

    /// All that is in its files.
    fn bytes(&self) -> Vec<u8> {
        let files = fs::read_dir(&self.0).expect("a folder");
        let files = files.map(|file| file.expect("a file").path());
        files
            .flat_map(|path| fs::read(path).expect("a file"))
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

#[test]
fn processes_share_each_key_and_the_file_has_no_name_of_one() {
    let folder = Folder::new();
    running::check(&folder.url());
    let bytes = folder.bytes();
    assert!(contains(&bytes, ACME), "the hash is there");
    for tenant in ["acme", "globex", "initech"] {
        assert!(!contains(&bytes, tenant), "{tenant}");
    }
    let connection = rusqlite::Connection::open(folder.0.join("quota.db")).expect("a file");
    let mut select = connection
        .prepare("SELECT name FROM limiter_2")
        .expect("our table");
    let names = select.query_map([], |row| row.get(0)).expect("rows");
    let names: Vec<String> = names.map(|name| name.expect("text")).collect();
    assert_eq!(names.len(), 3);
    for name in names {
        let digits = name.strip_prefix("crm:").expect("our name");
        assert!(digits.len() == 32 && digits.bytes().all(|it| it.is_ascii_hexdigit()));
    }
}

#[test]
fn processes_share_the_limits_of_all_keys() {
    let folder = Folder::new();
    running::check_rows(&folder.url());
    assert!(contains(&folder.bytes(), "team.shared"));
}

const FILE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/keys.db");
const URL: &str = concat!("sqlite:", env!("CARGO_TARGET_TMPDIR"), "/keys.db");

#[rate_limited(rate = "1/h", burst = 2, max_wait = "60s", key = tenant, store = URL)]
async fn customer(tenant: &str) -> Result<usize, Error> {
    Ok(tenant.len())
}

#[tokio::test]
async fn a_function_keeps_to_the_limit_that_a_file_holds_for_each_key() {
    for suffix in ["", "-wal", "-shm"] {
        // Of an earlier run.
        drop(fs::remove_file(format!("{FILE}{suffix}")));
    }
    for tenant in ["acme", "globex", "acme"] {
        customer(tenant).await.expect("one of two");
    }
    let error = customer("acme").await.expect_err("an hour is too long");
    let wait = error.retry_after().expect("a wait");
    assert!(wait.as_secs() >= 3500 && wait.as_secs() <= 3600, "{error}");
    assert!(!format!("{error} {error:?}").contains("acme"));
    customer("globex").await.expect("the other one");
}
