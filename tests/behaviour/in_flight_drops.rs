//! Slots under calls that are dropped at any await: never too many in flight, and none is lost.

use core::cell::Cell;
use core::future::Future;
use core::pin::Pin;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use paced::Failure;
use paced::Limiter;
use tokio::time::sleep;

use crate::in_flight::bounded;
use crate::support::ApiError;
use crate::support::ms;
use crate::support::poll_once;
use crate::support::secs;

/// A generator of small random numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % most
    }
}

/// Counts the bodies that run.
struct Running(Rc<Cell<u32>>);

impl Running {
    fn new(count: &Rc<Cell<u32>>) -> Self {
        count.set(count.get() + 1);
        Self(Rc::clone(count))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// A body that counts itself while it runs.
async fn body(count: &Rc<Cell<u32>>, takes: u64) {
    let running = Running::new(count);
    sleep(ms(takes)).await;
    drop(running);
}

/// A call of one of several kinds, each with several awaits.
fn task(limiter: &Arc<Limiter>, count: &Rc<Cell<u32>>, kind: u64, takes: u64) -> Task {
    let (limiter, count) = (Arc::clone(limiter), Rc::clone(count));
    Box::pin(async move {
        match kind {
            0 => {
                let permit = limiter.acquire().await.unwrap();
                body(&count, takes).await;
                drop(permit);
            }
            1 => nested(&limiter, &count, takes).await,
            2 => retried(&limiter, &count, takes).await,
            _ => streaming(&limiter, &count, takes).await,
        }
    })
}

async fn nested(limiter: &Limiter, count: &Rc<Cell<u32>>, takes: u64) {
    let call = limiter.call(|| async {
        let running = Running::new(count);
        sleep(ms(takes)).await;
        let inner = limiter.call(|| async {
            sleep(ms(takes)).await;
            io::Result::Ok(())
        });
        inner.await.map_err(io::Error::other)?;
        drop(running);
        io::Result::Ok(())
    });
    call.await.unwrap();
}

async fn retried(limiter: &Limiter, count: &Rc<Cell<u32>>, takes: u64) {
    let call = limiter.call(|| async {
        body(count, takes).await;
        match paced::attempt().number() {
            1 => Err(ApiError::of(Failure::Connect)),
            2 => Err(ApiError {
                retry_after: Some(ms(5)),
                ..ApiError::status(429)
            }),
            _ => Ok(()),
        }
    });
    call.await.unwrap();
}

async fn streaming(limiter: &Limiter, count: &Rc<Cell<u32>>, takes: u64) {
    let call = limiter.call(|| async {
        let running = Running::new(count);
        let meter = paced::meter();
        sleep(ms(takes)).await;
        io::Result::Ok((running, meter))
    });
    let (running, meter) = call.await.unwrap();
    sleep(ms(takes)).await;
    drop(running);
    drop(meter);
}

async fn run(seed: u64) {
    let mut random = Random(seed);
    let max = 1 + random.below(3);
    let most = u32::try_from(max).unwrap();
    let limiter = bounded(200.0, 1 + u32::try_from(random.below(5)).unwrap(), most);
    let running = Rc::new(Cell::new(0));
    let mut tasks: Vec<Option<Task>> = Vec::new();
    for _ in 0..150 {
        let some = tasks.len() as u64;
        match random.below(10) {
            0..=2 => {
                let task = task(&limiter, &running, random.below(4), random.below(20));
                tasks.push(Some(task));
            }
            step @ 3..=8 if some > 0 => {
                let place = &mut tasks[usize::try_from(random.below(some)).unwrap()];
                if step == 8 || place.as_mut().is_some_and(|it| poll_once(it).is_ready()) {
                    *place = None;
                }
            }
            _ => sleep(ms(random.below(15))).await,
        }
        assert!(running.get() <= most, "seed {seed}: {}", running.get());
        assert!(limiter.snapshot().in_flight <= max, "seed {seed}");
    }
    if random.below(2) == 0 {
        tasks.clear();
    }
    for task in tasks.into_iter().flatten() {
        // One may wait for a slot of another that is not polled now.
        drop(tokio::time::timeout(secs(100), task).await);
    }
    let left = (running.get(), limiter.snapshot().in_flight);
    assert_eq!(left, (0, 0), "seed {seed}");
    all_are_free(&limiter, most).await;
}

async fn all_are_free(limiter: &Limiter, most: u32) {
    let mut held = Vec::new();
    for _ in 0..most {
        held.push(limiter.acquire().await.unwrap());
    }
    assert!(limiter.try_acquire().is_err());
    assert_eq!(limiter.snapshot().in_flight, u64::from(most));
}

#[tokio::test(start_paused = true)]
async fn no_slot_is_lost_and_none_is_used_twice() {
    for seed in 0..400 {
        run(seed).await;
    }
}
