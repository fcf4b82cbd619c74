use paced::rate_limited;

async fn other() -> std::io::Result<()> {
    Ok(())
}

fn needs_send(_: impl Send) {}

#[rate_limited(rate = 5)]
async fn annotated() -> std::io::Result<()> {
    let shared = std::rc::Rc::new(1);
    other().await?;
    drop(shared);
    Ok(())
}

async fn plain() -> std::io::Result<()> {
    let shared = std::rc::Rc::new(1);
    other().await?;
    drop(shared);
    Ok(())
}

fn main() {
    needs_send(annotated());
    needs_send(plain());
}
