//! A clock that is set. The tests cannot set the machine's, so they move what the file says instead: to
//! the store that is the same.

use paced::store::Action;
use paced::store::SqliteStore;
use paced::store::Ticks;

use super::Folder;
use super::HOUR;
use super::ask;
use super::free;
use super::open;

use crate::stepping::SECOND;
use crate::stepping::pause_for;

/// An empty bucket is full again after ten.
const HOURS: i64 = 10 * 3600 * 4_000_000;

/// As if the clock were set by so many ticks.
fn set_clock(folder: &Folder, by: i64) {
    let (by_is_back, by) = (by < 0, Ticks::new(by.unsigned_abs()));
    let moved = |instant: Ticks| {
        if by_is_back {
            instant + by
        } else {
            instant - by
        }
    };
    folder.change(|state| {
        for instant in [&mut state.rows[0].full_at, &mut state.rows[0].spilt_at] {
            *instant = moved(*instant);
        }
        state.seen = moved(state.seen);
        if state.paused_until > Ticks::ZERO {
            state.paused_until = moved(state.paused_until);
        }
    });
}

/// A file with a bucket that is empty, and one that is paused for ten minutes.
async fn used() -> (Folder, SqliteStore) {
    let folder = Folder::new();
    let store = open(&folder);
    ask(&store, "drawn", free(10)).await.expect("an answer");
    let pause = pause_for(600 * SECOND);
    ask(&store, "paused", pause).await.expect("an answer");
    (folder, store)
}

#[tokio::test]
async fn a_clock_set_back_by_ten_hours_changes_no_wait() {
    let (folder, store) = used().await;
    set_clock(&folder, -HOURS);
    let answer = ask(&store, "drawn", free(10)).await.expect("an answer");
    assert_eq!(answer.granted(), 0);
    assert!(answer.last().wait.to_come() <= HOUR, "{answer:?}");
    let answer = ask(&store, "paused", free(10)).await.expect("an answer");
    let left = answer.state.paused_until - answer.now;
    assert!(left > 500 * SECOND && left <= 600 * SECOND, "{answer:?}");
    assert_eq!(answer.granted(), 0);
}

#[tokio::test]
async fn a_clock_set_forward_by_ten_hours_and_back_lets_one_burst_through() {
    let (folder, store) = used().await;
    set_clock(&folder, HOURS);
    assert_eq!(
        ask(&store, "drawn", free(99))
            .await
            .expect("an answer")
            .granted(),
        10
    );
    set_clock(&folder, -HOURS);
    assert!(
        ask(&store, "drawn", free(99))
            .await
            .expect("an answer")
            .granted()
            <= 1
    );
    // No request came meanwhile: the cooldown is still there.
    let answer = ask(&store, "paused", free(1)).await.expect("an answer");
    assert_eq!(answer.granted(), 0);
    assert!(
        answer.state.paused_until > answer.now + 500 * SECOND,
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_file_of_the_far_future_closes_nothing_for_long() {
    let folder = Folder::new();
    let store = open(&folder);
    ask(&store, "key", free(10)).await.expect("an answer");
    for value in [u64::MAX / 2, u64::MAX, 1 << 63] {
        folder.change(|state| {
            for row in &mut state.rows {
                row.full_at = Ticks::new(value);
                row.spilt_at = Ticks::new(value);
                row.learnt_interval = Ticks::new(value);
                row.learnt_until = Ticks::new(value);
            }
            state.paused_until = Ticks::new(value);
            state.generation = value;
        });
        let answer = ask(&store, "key", Action::Peek).await.expect("an answer");
        assert!(
            answer.last().wait.to_come() < 600 * HOUR,
            "{value}: {answer:?}"
        );
    }
}
