use super::*;

fn typed(code: &str) -> String {
    let expr = unsigned(syn::parse_str(code).expect(code));
    expr.to_token_stream().to_string()
}

#[test]
fn literals_are_unsigned_where_nothing_else_has_a_type() {
    for (code, right) in [
        ("5", "5u64"),
        ("2 * (3 + 4)", "2u64 * (3u64 + 4u64)"),
        ("if fast { 1 } else { 5 }", "if fast { 1u64 } else { 5u64 }"),
        (
            "match kind { 1 => 2, _ => { 3 } }",
            "match kind { 1 => 2u64 , _ => { 3u64 } }",
        ),
    ] {
        assert_eq!(typed(code), right, "{code}");
    }
    for code in [
        "5u8",
        "n + 1",
        "if fast { 1 } else { n }",
        "prompt . len ()",
        "{ let n = 5 ; n }",
    ] {
        assert!(!typed(code).contains("u64"), "{code}");
    }
}
