//! Recipes for clients whose errors `paced` does not know: an example for each.
#![forbid(unsafe_code)]
