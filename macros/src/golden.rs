//! Snapshots of whole expansions: `golden/*.rs`, rewritten by a test run with `PACED_BLESS=1`.

use std::path::Path;

use proc_macro2::TokenStream;

/// The name of the snapshot, the attribute's tokens, and the item; each body says `marker` once.
const CASES: &[(&str, &str, &str)] = &[
    (
        "free_function",
        "rate = 5, burst = 10, max_retries = 5",
        "/// Fetches.
        pub async fn user(api: &Client, id: u64) -> reqwest::Result<User> { marker(api, id).await }",
    ),
    (
        "all_options",
        "limiter = \"github\", rate = \"5000/h\", burst = 100, max_retries = 3,
         backoff(base = \"250ms\", factor = 1.5, max = \"10s\", jitter = \"full\"),
         deadline = \"30s\", attempt_timeout = \"5s\", max_wait = \"10s\",
         retry_on = [429, 503, \"5xx\", connect, timeout, reset], idempotent,
         on_retry = note, on_give_up = alerts::page",
        "async fn all() -> Result<(), Error> { marker().await }",
    ),
    (
        "captures",
        "rate = 5",
        "async fn captures<T>(&mut self, owned: T, #[cfg(unix)] (a, b): (T, T), unused: T, n: u8) -> Result<(), Error> {
            self.marker(&owned, &a, &b, n).await
        }",
    ),
    (
        "no_retries",
        "rate = 5, max_retries = 0",
        "async fn no_retries(self, owned: Vec<u8>) -> Result<Vec<u8>, Error> { self.marker(owned).await }",
    ),
    (
        "constants",
        "rate = config::RATE, burst = BURST, deadline = DEADLINE, backoff(factor = FACTOR)",
        "async fn constants() -> Result<(), Error> { marker().await }",
    ),
    (
        "strict_window",
        "rate = \"60/min\", burst = BURST, window = \"strict\"",
        "async fn strict_window() -> Result<(), Error> { marker().await }",
    ),
    (
        "strict_window_at_run_time",
        "rate = CONFIG.rate(), burst = BURST, window = \"strict\"",
        "async fn strict_window_at_run_time() -> Result<(), Error> { marker().await }",
    ),
    (
        "run_time_values",
        "rate = CONFIG.rate(), burst = BURST, max_retries = self.retries, deadline = left",
        "async fn run_time_values(&self, left: Duration) -> Result<(), Error> { self.marker().await }",
    ),
    (
        "shared_limiter",
        "limiter = self.limiter, classify = verdict, deadline = self.deadline",
        "async fn shared_limiter(&self) -> Result<(), Error> { self.marker().await }",
    ),
    (
        "shared_store",
        "limiter = \"github\", rate = \"5000/h\", store = \"sqlite:quota.db\", on_store_error = \"closed\"",
        "async fn shared_store() -> Result<(), Error> { marker().await }",
    ),
    (
        "store_of_a_constant",
        "rate = RATE, store = config::STORE",
        "async fn store_of_a_constant() -> Result<(), Error> { marker().await }",
    ),
    (
        "store_at_run_time",
        "rate = RATE, store = stores().clone()",
        "async fn store_at_run_time() -> Result<(), Error> { marker().await }",
    ),
    (
        "limits",
        "limits = [\"10/s\", \"1000/h\"]",
        "async fn limits() -> Result<(), Error> { marker().await }",
    ),
    (
        "limits_with_cost_and_settle",
        "limits(requests = \"500/min\", tokens(rate = \"30000/min\", burst = 30_000), points = [\"80/min\", HOURLY]),
         cost(points = 3, tokens = estimate(prompt)), settle(tokens = |reply| reply.tokens)",
        "async fn limits_with_cost_and_settle(prompt: &str) -> Result<Reply, Error> { marker(prompt).await }",
    ),
    (
        "limits_at_run_time",
        "limits(CONFIG.rate(), requests(rate = \"60/min\", window = \"strict\"), tokens(rate = TOKENS, burst = config::burst(), window = \"strict\")),
         settle(tokens = tokens_of), max_retries = 0, start = \"empty\"",
        "async fn limits_at_run_time() -> Result<Reply, Error> { marker().await }",
    ),
    (
        "cost_of_the_one_limit",
        "rate = \"300/min\", cost = if fast { 1 } else { 5 }, deadline = left",
        "async fn cost_of_the_one_limit(fast: bool, left: Duration) -> Result<(), Error> { marker().await }",
    ),
    (
        "calls_in_flight",
        "rate = 5, max_concurrency = 8",
        "async fn calls_in_flight() -> Result<(), Error> { marker().await }",
    ),
    (
        "calls_in_flight_found",
        "rate = 5, max_concurrency(auto, start = START, max = config::most())",
        "async fn calls_in_flight_found() -> Result<(), Error> { marker().await }",
    ),
    (
        "cost_of_a_shared_limiter",
        "limiter = self.limiter, cost(search = 1), settle(requests = |page| page.calls)",
        "fn cost_of_a_shared_limiter<'life0, 'async_trait>(&'life0 mut self) -> ::core::pin::Pin<Box<
            dyn ::core::future::Future<Output = Result<Page, Error>> + ::core::marker::Send + 'async_trait,
        >>
        where 'life0: 'async_trait, Self: 'async_trait {
            Box::pin(async move { let __self = self; __self.marker().await })
        }",
    ),
    (
        "cost_without_a_limiter",
        "rate = 5, cost = ids.len(), settle(requests = |found| found.len()), mode = \"off\"",
        "async fn cost_without_a_limiter(ids: &[u64]) -> Result<Vec<u8>, Error> { marker(ids).await }",
    ),
    (
        "observing",
        "rate = 5, mode = \"observe\"",
        "async fn observing() -> Result<(), Error> { marker().await }",
    ),
    (
        "key",
        "rate = 5, key = tenant.id, max_keys = 100_000",
        "async fn key(tenant: &Tenant) -> Result<(), Error> { marker(tenant).await }",
    ),
    (
        "key_with_cost_and_settle",
        "limits(requests = \"500/min\", tokens = \"30000/min\"), key = (self.account, model),
         cost(tokens = estimate(prompt)), settle(tokens = |reply| reply.tokens), deadline = left",
        "async fn key_with_cost_and_settle(&self, model: &str, prompt: &str, left: Duration) -> Result<Reply, Error> {
            self.marker(prompt).await
        }",
    ),
    (
        "key_of_a_shared_limiter",
        "limiter = TENANTS, key = &tenant",
        "async fn key_of_a_shared_limiter(tenant: String) -> Result<(), Error> { marker(&tenant).await }",
    ),
    (
        "key_without_a_limiter",
        "limiter = TENANTS, key = tenant, mode = \"off\"",
        "async fn key_without_a_limiter(tenant: u64) -> Result<(), Error> { marker(tenant).await }",
    ),
    (
        "keys_of_limits",
        "limits(requests(rate = \"10/s\", key = self.tenant), posts(rate = \"1/s\", key = channel),
                tokens(rate = \"30000/min\", burst = 1_000, key = ())),
         cost(tokens = estimate(text), posts = 1)",
        "async fn keys_of_limits(&self, channel: &str, text: &str) -> Result<(), Error> { self.marker(channel, text).await }",
    ),
    (
        "key_beside_a_shared_limit",
        "limits(requests = \"10/s\", requests(rate = \"100/s\", key = ())), key = tenant",
        "async fn key_beside_a_shared_limit(tenant: u64) -> Result<(), Error> { marker(tenant).await }",
    ),
    (
        "impl_trait",
        "rate = 5, crate = crate::reexport",
        "async fn impl_trait(it: impl AsRef<str>) -> Result<impl Iterator<Item = u8>, Error> { marker(it.as_ref()) }",
    ),
    (
        "impl_future",
        "rate = 5",
        "fn impl_future(&self) -> impl Future<Output = Result<(), Error>> + Send { async move { self.marker().await } }",
    ),
    (
        "async_trait",
        "rate = 5",
        "fn async_trait<'life0, 'async_trait>(&'life0 self) -> ::core::pin::Pin<Box<
            dyn ::core::future::Future<Output = Result<(), Error>> + ::core::marker::Send + 'async_trait,
        >>
        where 'life0: 'async_trait, Self: 'async_trait {
            Box::pin(async move { let __self = self; __self.marker().await })
        }",
    ),
    (
        "impl_block",
        "rate = 5, crate = ::my_paced",
        "/// Fetches.
        impl<T: Http> Remote for Api<T> {
            type Item = User;
            const KIND: u8 = { 1 };
            /// One.
            async fn user(&self, id: u64) -> Result<User, Error> { marker(id).await }
            #[instrument]
            #[rate_limited(inherit, cost = 5)]
            async fn users(&self) -> Result<Vec<User>, Error> { self.all().await }
            #[cfg_attr(test, rate_limited(skip))]
            fn plain(&self) -> u8 { 1 }
            fn untouched(&self) -> u8 { 1 }
        }",
    ),
    (
        "function_of_an_impl_block",
        "impl \"Api\" \"user\" rate_limited (\"requests\") [rate = \"300/min\", retry_on = [429]] [inherit, classify = verdict]",
        "pub async fn users(&self) -> Result<Vec<User>, Error> { self.marker().await }",
    ),
    (
        "inner_attributes",
        "rate = 5",
        "async fn inner_attributes() -> Result<(), Error> { #![expect(unused_variables)] let x = marker(); Ok(()) }",
    ),
    #[cfg(feature = "blocking")]
    (
        "blocking",
        "rate = 5",
        "pub fn blocking(&mut self, id: u64, agent: &mut Agent) -> Result<User, ureq::Error> { self.marker(id, agent) }",
    ),
    #[cfg(feature = "blocking")]
    (
        "blocking_no_retries",
        "limiter = self.limiter, cost = ids.len(), max_retries = 0, deadline = left",
        "unsafe extern \"C\" fn blocking_no_retries(&self, ids: Vec<u64>, left: Duration) -> Result<Vec<u8>, Error> {
            self.marker(ids)
        }",
    ),
];

#[test]
fn expansions_are_as_recorded() {
    let mut changed = Vec::new();
    for (name, attr, item) in CASES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("golden/{name}.rs"));
        let expansion = expansion(attr, item);
        if std::env::var_os("PACED_BLESS").is_some() {
            std::fs::write(&path, &expansion).expect("golden/ can be written");
        }
        let recorded = std::fs::read_to_string(&path).unwrap_or_default();
        if recorded != expansion {
            changed.push(format!("{}:\n{expansion}", path.display()));
        }
    }
    assert!(
        changed.is_empty(),
        "these expansions changed; PACED_BLESS=1 records them:\n{}",
        changed.join("\n")
    );
}

#[test]
fn expansions_allow_nothing() {
    for (name, attr, item) in CASES {
        let expansion = expansion(attr, item);
        assert!(!expansion.contains("allow"), "{name}:\n{expansion}");
    }
}

#[test]
fn a_body_appears_once() {
    for (name, attr, item) in CASES {
        let expansion = expansion(attr, item);
        assert_eq!(
            expansion.matches("marker(").count(),
            1,
            "{name}:\n{expansion}"
        );
    }
}

fn expansion(attr: &str, item: &str) -> String {
    let file = crate::transform(&tokens(attr), tokens(item));
    let file = prettyplease::unparse(&syn::parse2(file).expect("an expansion is Rust"));
    assert!(!file.contains("compile_error"), "{file}");
    file
}

fn tokens(code: &str) -> TokenStream {
    code.parse().expect("tokens")
}
