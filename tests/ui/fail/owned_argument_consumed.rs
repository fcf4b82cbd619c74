use paced::rate_limited;

struct Form;

async fn post(_: Form) -> std::io::Result<()> {
    Ok(())
}

#[rate_limited(rate = 5)]
async fn fetch(form: Form, text: String) -> std::io::Result<()> {
    drop(text);
    post(form).await
}

fn main() {
    drop(fetch(Form, String::new()));
}
