use paced::rate_limited;

#[rate_limited(rate = 5)]
fn send(form: String) -> std::io::Result<()> {
    drop(form);
    Ok(())
}

fn main() {
    drop(send(String::new()));
}
