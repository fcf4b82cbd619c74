#![deny(unused)]

use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn annotated(used: Vec<u8>, unused: Vec<u8>) -> std::io::Result<usize> {
    let local = 1;
    Ok(used.len())
}

async fn plain(used: Vec<u8>, unused: Vec<u8>) -> std::io::Result<usize> {
    let local = 1;
    Ok(used.len())
}

fn main() {
    drop((annotated(vec![], vec![]), plain(vec![], vec![])));
}
