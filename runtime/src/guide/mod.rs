//! Guide: how to work with this crate, page by page. The reference of the options is [`rate_limited`](macro@crate::rate_limited).
//!
//! | page | answers |
//! | --- | --- |
//! | [Getting started](getting_started) | How do I annotate my first function, and which rate do I write? |
//! | [What counts as a failure](failures) | Which outcomes are tried again, and how does the limiter know? |
//! | [Own error types](own_errors) | What does my error need so that calls can be refused? |
//! | [One limit for several functions](shared_limits) | How do functions share a limit, or get one for each account? |
//! | [One limit for each key](keys) | How do tenants, accounts or channels get a limit each? |
//! | [Costs and settlement](costs) | How do calls take several tokens, and what do they get back? |
//! | [Several limits](limits) | How do I count tokens or points, and what a call really took? |
//! | [Configuration](config) | How do I change limits while the program runs? |
//! | [Several processes](processes) | How do processes and machines share a limit? |
//! | [Clients](clients) | What do I write with reqwest, tonic, ureq, octocrab, async-openai? |
//! | [Plain functions](blocking) | How do I pace functions that are not asynchronous? |
//! | [Without the attribute](direct_calls) | How do I call through a limiter where an attribute cannot be? |
//! | [Observing before enforcing](observing) | How do I try a rate on a program that runs, without slowing it down? |
//! | [What is learnt from the server](learning) | Why is the limiter slower than I said? |
//! | [Tests](testing) | How do I test without waiting? |
//! | [When things go wrong](troubleshooting) | What does this event or error mean, and what do I do? |
//! | [Writing a store](custom_store) | How do I keep limits in a database of my own? |
//!
//! The modules hold no code, and are part of the documentation alone.

#[doc = include_str!("getting_started.md")]
#[doc = ""]
#[doc = include_str!("picture.svg")]
#[doc = ""]
#[doc = include_str!("first_steps.md")]
pub mod getting_started {}

#[doc = include_str!("failures.md")]
pub mod failures {}

#[doc = include_str!("own_errors.md")]
pub mod own_errors {}

#[doc = include_str!("shared_limits.md")]
pub mod shared_limits {}

#[doc = include_str!("keys.md")]
pub mod keys {}

#[doc = include_str!("costs.md")]
pub mod costs {}

#[doc = include_str!("limits.md")]
pub mod limits {}

#[doc = include_str!("config.md")]
pub mod config {}

#[doc = include_str!("processes.md")]
pub mod processes {}

#[doc = include_str!("clients.md")]
pub mod clients {}

#[doc = include_str!("blocking.md")]
pub mod blocking {}

#[doc = include_str!("direct_calls.md")]
pub mod direct_calls {}

#[doc = include_str!("observing.md")]
pub mod observing {}

#[doc = include_str!("learning.md")]
pub mod learning {}

#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("troubleshooting.md")]
pub mod troubleshooting {}

#[doc = include_str!("custom_store.md")]
pub mod custom_store {}
