use paced::rate_limited;

#[rate_limited(rate = 5)]
pub async fn fetch(list: Vec<u8>) -> std::io::Result<()> {
    list.push(1);
    Ok(())
}

fn main() {}
