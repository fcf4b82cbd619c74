//! The list of `retry_on`: `[429, 503, connect, "5xx"]`.

use quote::ToTokens as _;
use syn::{Expr, ExprLit, Ident, Lit, LitInt, LitStr};

use crate::diag::Errors;
use crate::names;
use crate::sentences;

/// Failure that is worth another attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    Status(u16),
    /// All statuses of 500 to 599.
    ServerErrors,
    Connect,
    Timeout,
    Reset,
}

const WORDS: [(&str, Trigger); 3] = [
    ("connect", Trigger::Connect),
    ("timeout", Trigger::Timeout),
    ("reset", Trigger::Reset),
];

const EXAMPLE: &str = "write `retry_on = [429, 503, connect]`";

/// Reads the list; reports and leaves out elements that cannot be read.
pub(crate) fn read(list: Expr, errors: &mut Errors) -> Vec<Trigger> {
    let Expr::Array(list) = list else {
        errors.at(list, format!("`retry_on` is a list: {EXAMPLE}"));
        return Vec::new();
    };
    let mut triggers = Vec::new();
    for element in list.elems {
        match trigger(&element) {
            Ok(trigger) if triggers.contains(&trigger) => {
                let message = sentences::written_twice(element.to_token_stream());
                errors.at(element, message);
            }
            Ok(trigger) => triggers.push(trigger),
            Err(message) => errors.at(element, message),
        }
    }
    triggers
}

fn trigger(element: &Expr) -> Result<Trigger, String> {
    match element {
        Expr::Lit(ExprLit {
            lit: Lit::Int(status),
            ..
        }) => status_trigger(status),
        Expr::Lit(ExprLit {
            lit: Lit::Str(text),
            ..
        }) => text_trigger(text),
        Expr::Group(group) => trigger(&group.expr),
        Expr::Path(path) => match path.path.get_ident() {
            Some(word) => word_trigger(word),
            None => Err(format!("a status is written as a number: {EXAMPLE}")),
        },
        _ => Err(format!(
            "expected a status, `connect`, `timeout`, `reset` or \"5xx\": {EXAMPLE}"
        )),
    }
}

fn status_trigger(status: &LitInt) -> Result<Trigger, String> {
    match status.base10_parse::<u16>() {
        Ok(status @ 401) => Err(sentences::same_next_time(
            status,
            ": leave it out, or renew the token in the body and",
        )),
        Ok(status @ 403) => Err(sentences::same_next_time(
            status,
            ", and one that comes with a wait is retried anyway: leave it out, or",
        )),
        Ok(status @ 404) => Err(sentences::same_next_time(status, ": leave it out, or")),
        Ok(status @ 400..=599) => Ok(Trigger::Status(status)),
        _ => Err(format!(
            "{status} is not the status of a failure: those are 400 to 599"
        )),
    }
}

fn text_trigger(text: &LitStr) -> Result<Trigger, String> {
    let text = text.value();
    match text.as_str() {
        "5xx" | "5XX" => Ok(Trigger::ServerErrors),
        "4xx" | "4XX" => Err("a retry does not change most 4xx: list those that it does, like `retry_on = [408, 425, 429]`"
            .to_owned()),
        word if word.parse::<u16>().is_ok() || WORDS.iter().any(|(known, _)| *known == word) => {
            Err(sentences::without_quotes(word))
        }
        _ => Err(format!("\"{text}\" is no class of statuses: write \"5xx\", or single statuses as numbers")),
    }
}

fn word_trigger(word: &Ident) -> Result<Trigger, String> {
    let word = word.to_string();
    if let Some((_, trigger)) = WORDS.iter().find(|(known, _)| *known == word) {
        return Ok(*trigger);
    }
    let names = WORDS.map(|(known, _)| known);
    let advice = match names::nearest(&word, &names) {
        Some(right) => sentences::did_you_mean(right),
        None => format!(
            "write a status as a number, or one of {}",
            names::list(&names)
        ),
    };
    Err(sentences::no_such("failure", word, advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(code: &str) -> Result<Vec<Trigger>, String> {
        let mut errors = Errors::new();
        let triggers = read(syn::parse_str(code).expect(code), &mut errors);
        errors
            .judge(Some(triggers))
            .map_err(|errors| errors[0].to_string())
    }

    #[test]
    fn good_lists() {
        use Trigger::{Connect, Reset, ServerErrors, Status, Timeout};
        assert_eq!(read_all("[]"), Ok(vec![]));
        assert_eq!(
            read_all("[429, 503, connect]"),
            Ok(vec![Status(429), Status(503), Connect])
        );
        assert_eq!(
            read_all("[timeout, reset, \"5xx\", 408]"),
            Ok(vec![Timeout, Reset, ServerErrors, Status(408)])
        );
    }

    #[test]
    fn bad_lists() {
        let cases = [
            ("429", "is a list: write `retry_on = [429, 503, connect]`"),
            ("[401]", "a retry does not change a 401"),
            ("[403]", "a retry does not change a 403"),
            ("[404]", "a retry does not change a 404"),
            ("[200]", "200 is not the status of a failure"),
            ("[399]", "not the status of a failure"),
            ("[600]", "not the status of a failure"),
            ("[70000]", "not the status of a failure"),
            ("[\"4xx\"]", "a retry does not change most 4xx"),
            ("[\"429\"]", "write `429`, without quotes"),
            ("[\"reset\"]", "write `reset`, without quotes"),
            ("[\"6xx\"]", "\"6xx\" is no class of statuses"),
            ("[conect]", "did you mean `connect`?"),
            (
                "[TOO_MANY_REQUESTS]",
                "there is no failure `TOO_MANY_REQUESTS`",
            ),
            (
                "[StatusCode::TOO_MANY_REQUESTS]",
                "a status is written as a number",
            ),
            ("[429, 503, 429]", "written twice"),
            ("[1.5]", "expected a status"),
            ("[-1]", "expected a status"),
        ];
        for (code, part) in cases {
            let message = read_all(code).expect_err(code);
            assert!(message.contains(part), "{code}: {message}");
        }
    }
}
