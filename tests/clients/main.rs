//! Clients of other kinds than reqwest, in real time where they are real.

mod grpc;
mod grpc_server;
mod refusals;
mod statuses;
mod untrusted;
mod ureq_agent;
