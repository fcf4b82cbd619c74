use paced::rate_limited;

#[rate_limited(rate = 5)]
async fn annotated(early: bool) -> std::io::Result<String> {
    if early {
        return Ok(1u8);
    }
    Ok(String::new())
}

async fn plain(early: bool) -> std::io::Result<String> {
    if early {
        return Ok(1u8);
    }
    Ok(String::new())
}

fn main() {
    drop((annotated(true), plain(true)));
}
