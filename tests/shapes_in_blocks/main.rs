//! Every shape of function of `shapes`, in an `impl` block that has the attribute. `build.rs` writes them.

include!(concat!(env!("OUT_DIR"), "/shapes_in_blocks/main.rs"));
