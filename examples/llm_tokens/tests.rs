//! Short runs against each provider: counts, and no figure that depends on how fast this machine is.

use super::Kind;
use super::Options;
use super::run;
use super::table;

#[tokio::test]
async fn no_provider_refuses_a_request() {
    let mut outcomes = Vec::new();
    for kind in Kind::ALL {
        let outcome = run(kind, Options { minutes: 2 }).await.expect("a server");
        assert_eq!(
            (outcome.refused, outcome.failed),
            (0, 0),
            "{kind:?}: {outcome:?}"
        );
        assert!(outcome.calls > 0, "{kind:?}: {outcome:?}");
        outcomes.push((kind, outcome));
    }
    let table = table(&outcomes).to_string();
    assert!(table.contains("output-tokens"), "{table}");
    assert!(table.contains("input_tokens"), "{table}");
}
