use super::*;

fn read_code(name: &str, kind: Kind, code: &str) -> Result<Literal, String> {
    let name = Ident::new(name, proc_macro2::Span::call_site());
    let expr = syn::parse_str(code).expect(code);
    read(&name, kind, &expr).expect("a literal")
}

#[test]
fn good_literals() {
    let cases = [
        (
            Kind::Rate,
            "5",
            Literal::Rate(PerPeriod {
                count: 5.0,
                nanos: 1_000_000_000,
            }),
        ),
        (
            Kind::Rate,
            "0.5f32",
            Literal::Rate(PerPeriod {
                count: 0.5,
                nanos: 1_000_000_000,
            }),
        ),
        (
            Kind::Rate,
            "\"1/250ms\"",
            Literal::Rate(PerPeriod {
                count: 1.0,
                nanos: 250_000_000,
            }),
        ),
        (Kind::Burst, "1_000", Literal::Whole(1000)),
        (Kind::Burst, "10u8", Literal::Whole(10)),
        (Kind::Retries, "0", Literal::Whole(0)),
        (Kind::Factor, "1", Literal::Factor(1.0)),
        (Kind::Share, "0.25", Literal::Factor(0.25)),
        (Kind::Share, "1", Literal::Factor(1.0)),
        (Kind::Factor, "1.5", Literal::Factor(1.5)),
        (Kind::Duration, "\"300s\"", Literal::Nanos(300_000_000_000)),
    ];
    for (kind, code, literal) in cases {
        assert_eq!(read_code("x", kind, code), Ok(literal), "{code}");
    }
}

#[test]
fn bad_rates() {
    let number = "write a number of calls per second";
    refuse(
        "rate",
        Kind::Rate,
        &[
            ("0", "more than zero"),
            ("-5", "more than zero"),
            ("1e999", "finite"),
            ("5s", number),
            ("Some(5)", number),
            ("true", number),
            ("5e9", "more than 1,000,000,000"),
            ("\"5 per s\"", "`5 per s` is not a rate"),
            ("\"5/0s\"", "longer than zero"),
            ("\"5/fortnight\"", "`fortnight` is not a unit of time"),
            ("\"1/365d\"", "less than one call in 30 days"),
        ],
    );
}

#[test]
fn bad_counts() {
    refuse(
        "burst",
        Kind::Burst,
        &[
            ("0", "at least 1"),
            ("-1", "at least 1"),
            ("4294967296", "at most 4294967295"),
            ("1.5", "whole number: write `burst = 10`"),
            ("\"10\"", "write `burst = 10`, without quotes"),
            ("\"ten\"", "a whole number: write `burst = 10`"),
        ],
    );
    refuse(
        "max_retries",
        Kind::Retries,
        &[
            ("-1", "write `max_retries = 0`"),
            ("2.5", "whole number"),
            ("\"3\"", "write `max_retries = 3`, without quotes"),
        ],
    );
    let negative = ("-1", "write `max_throttles = 0`");
    refuse("max_throttles", Kind::Retries, &[negative]);
}

#[test]
fn bad_shares_and_factors() {
    refuse(
        "throttle_below",
        Kind::Share,
        &[
            ("1.5", "from 0 to 1"),
            ("-0.1", "from 0 to 1"),
            ("\"0.1\"", "without quotes"),
        ],
    );
    let large = ("5", "from 0 to 1: write `hint_spread = 0.05`");
    refuse("hint_spread", Kind::Share, &[large]);
    refuse(
        "factor",
        Kind::Factor,
        &[
            ("0.5", "at least 1"),
            ("1e999", "finite"),
            ("\"2\"", "write `factor = 2`, without quotes"),
        ],
    );
}

#[test]
fn bad_durations() {
    refuse(
        "deadline",
        Kind::Duration,
        &[
            ("300", "write `deadline = \"300s\"`"),
            ("1.5", "write `deadline = \"1.5s\"`"),
            ("0", "longer than zero"),
            ("\"0s\"", "longer than zero"),
            ("\"5 moments\"", "`moments` is not a unit of time"),
            ("300s", "in quotes: `deadline = \"300s\"`"),
            ("'a'", "write `deadline = \"300s\"`"),
        ],
    );
}

fn refuse(name: &str, kind: Kind, cases: &[(&str, &str)]) {
    for (code, part) in cases {
        let message = read_code(name, kind, code).expect_err(code);
        assert!(message.contains(part), "{code}: {message}");
    }
}
