//! Model providers of APIs: how each one counts, enforces and tells of its limits, by its documentation.
//!
//! Nothing here reads a clock or a network. [`Service::ask`] takes the time as an argument, so that the same provider
//! stands behind the paused clock of a test and behind a real server.

mod counter;
mod dates;
mod known;
mod prompts;
mod request;
mod row;
mod service;
mod words;

pub use counter::Pace;
pub use known::anthropic;
pub use known::azure;
pub use known::github;
pub use known::groq;
pub use known::mistral;
pub use known::openai;
pub use known::shopify;
pub use known::shopify_graphql;
pub use prompts::Prompts;
pub use request::Charge;
pub use request::Measure;
pub use request::Request;
pub use row::Row;
pub use service::Answer;
pub use service::Service;
pub use service::Usage;
pub use words::Dialect;

#[cfg(test)]
mod tests;
