//! Slots that real processes share in a file.

use super::Folder;
use super::open;
use crate::fleet;

#[tokio::test]
async fn slots_of_processes_that_are_killed_or_stopped_are_used_by_others() {
    let folder = Folder::new();
    let store = open(&folder);
    let file = folder.file();
    let url = format!("sqlite:{}", file.to_str().expect("a path of text"));
    fleet::check(&url, &store).await;
    folder.check();
}
