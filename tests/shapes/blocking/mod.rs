//! Plain functions, in the shapes of asynchronous ones that they can have. In real time: they wait on their threads.

mod functions;
mod methods;
mod others;
