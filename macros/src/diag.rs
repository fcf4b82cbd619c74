//! A collection of mistakes.

use quote::ToTokens;

/// Mistakes of one attribute, in the order in which they were found.
///
/// # Panics
///
/// When it is dropped unread, so that no mistake is lost.
pub(crate) struct Errors(Option<Vec<syn::Error>>);

impl Errors {
    pub(crate) fn new() -> Self {
        Self(Some(Vec::new()))
    }

    /// Reports `message` under all of `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.get_or_insert_default().push(error);
    }

    pub(crate) fn extend(&mut self, errors: impl IntoIterator<Item = syn::Error>) {
        self.0.get_or_insert_default().extend(errors);
    }

    /// Returns the value, or notes the error and returns `None`.
    pub(crate) fn keep<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(Vec::is_empty)
    }

    /// Returns the value if there was no mistake at all, otherwise every mistake.
    pub(crate) fn judge<T>(mut self, value: Option<T>) -> Result<T, Vec<syn::Error>> {
        let errors = self.0.take().unwrap_or_default();
        match value {
            Some(value) if errors.is_empty() => Ok(value),
            _ => Err(errors),
        }
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        let read = self.0.is_none() || std::thread::panicking();
        assert!(read, "the errors of `#[rate_limited]` were dropped unread");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(message: &str) -> syn::Error {
        syn::Error::new(proc_macro2::Span::call_site(), message)
    }

    #[test]
    #[should_panic(expected = "dropped unread")]
    fn dropping_errors_unread_panics() {
        drop(Errors::new());
    }

    #[test]
    fn one_error_outweighs_a_value() {
        let mut errors = Errors::new();
        assert_eq!(errors.keep(Ok(1)), Some(1));
        assert!(errors.is_empty());
        assert_eq!(errors.keep::<u8>(Err(error("one"))), None);
        assert_eq!(errors.keep::<u8>(Err(error("two"))), None);
        let found = errors.judge(Some(1)).expect_err("two errors");
        let found: Vec<_> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["one", "two"]);
    }

    #[test]
    fn without_errors_the_value_comes_back() {
        assert_eq!(Errors::new().judge(Some(1)).ok(), Some(1));
    }
}
