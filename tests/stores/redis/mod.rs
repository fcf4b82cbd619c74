//! The store in Redis, beside real servers that the tests start.
//!
//! Where there is no `redis-server`, these tests say so and do nothing, unless `PACED_REQUIRE_REDIS` is
//! set. `PACED_TEST_REDIS_URL` names a server for tests that change nothing of others.

mod cluster;
mod conforming;
mod crowd;
mod equal_slots;
mod equality;
mod losing;
mod processes;
mod random;
mod rows;
mod runtimes;
mod secrets;
pub(crate) mod server;
#[cfg(unix)]
mod slots;
mod timeless;
mod tls;
mod versions;
