//! Single calls and permits that do not have to wait, beside governor, backon and tokio-retry2; first
//! the floor that none of them can get below.
//!
//! ```text
//! cargo bench -p bench --bench annotated -- --quick
//! ```
#![forbid(unsafe_code)]

use std::time::Instant;

use bench::cases::CASES;
use criterion::Criterion;
use criterion::criterion_group;
use criterion::criterion_main;

fn all(c: &mut Criterion) {
    for case in CASES {
        c.bench_function(case.name, |b| {
            b.iter_custom(|repeats| {
                let begun = Instant::now();
                (case.run)(repeats);
                begun.elapsed()
            });
        });
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
