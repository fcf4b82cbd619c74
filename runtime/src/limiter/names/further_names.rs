//! Names of the further limiters that the calls of keys take from.

/// Returns the name of the limiter that all keys share. `name`: that of the keys.
pub(crate) fn name_of_shared(name: &str) -> String {
    format!("{name}.shared")
}

/// Returns the name of the limiters of the further key at this place, counted from 0. `name`: that of the first key's.
pub(crate) fn name_of_further(name: &str, place: u8) -> String {
    format!("{name}.key{}", u32::from(place) + 2)
}

/// Returns the name of the keys whose calls take from the further limiter `name`.
pub(super) fn name_of_keys(name: &str) -> Option<&str> {
    // A second function of the same path has a number.
    let path = name.rsplit_once('#').map_or(name, |(path, _)| path);
    let (keys, last) = path.rsplit_once('.')?;
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    let is_further = last == "shared" || last.strip_prefix("key").is_some_and(is_number);
    is_further.then_some(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_further_limiters_tell_that_of_the_keys() {
        for name in [
            name_of_shared("api::post"),
            name_of_further("api::post", 0),
            name_of_further("api::post", 11),
            "api::post.shared#2".to_owned(),
        ] {
            assert_eq!(name_of_keys(&name), Some("api::post"), "{name}");
        }
        assert_eq!(name_of_further("api::post", 0), "api::post.key2");
        for name in ["api::post", "api.shares", "api.key", "shared", "api.keys2"] {
            assert_eq!(name_of_keys(name), None, "{name}");
        }
    }
}
