//! Listing of the limiters of a store that supports it.

use std::collections::BTreeMap;

use crate::store::State;

use super::script::Bench;
use super::script::HOUR;
use super::script::Scenario;
use super::script::draw_free;
use super::script::pause_for;

const PROMISE: &str =
    "a list has every limiter whose name begins with the prefix, as it is, and no other";

pub(super) async fn check(bench: &Bench) {
    let run = bench.key("listed-");
    let Some(nothing) = bench.list(&run, 3).await else {
        return;
    };
    assert!(
        nothing.is_empty(),
        "broken promise: {PROMISE}\n  listed: {nothing:?}"
    );
    let names = [
        "a", "a#search", "a b", "a*", "a?c", "a[b]", "a\\c", "abc", "b/a", "b/ab", "b", "{c}",
        "c%", "c_d", "'d'", "キー", "キーx", "z",
    ];
    let mut expected = BTreeMap::new();
    for (number, name) in (1..).zip(names) {
        let mut script = Scenario::hourly(bench, &format!("listed-{name}"), PROMISE);
        script.ask(draw_free(1 + number % 9)).await;
        if number % 3 == 0 {
            script.ask(pause_for(HOUR)).await;
        }
        expected.insert(script.key, script.state);
    }
    for prefix in [
        "", "a", "a*", "a?", "a[", "a\\", "b/", "{", "c_", "キー", "none",
    ] {
        let prefix = format!("{run}{prefix}");
        for limit in [1, 7, 1000] {
            let Some(listed) = bench.list(&prefix, limit).await else {
                panic!("broken promise: a store that lists once lists always");
            };
            let right = expected
                .iter()
                .filter(|(name, _)| name.starts_with(&prefix));
            let right: BTreeMap<String, State> = right
                .map(|(name, state)| (name.clone(), state.clone()))
                .collect();
            assert!(
                listed == right,
                "broken promise: {PROMISE}\n  prefix: {prefix:?}, {limit} a page\n  listed: {listed:#?}\n   right: {right:#?}"
            );
        }
    }
}
