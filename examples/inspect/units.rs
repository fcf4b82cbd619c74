//! Units of the limits of a limiter, since a store does not keep them.

use std::str::FromStr;

/// The units of a limiter's limits, in their order.
#[derive(Clone, Debug)]
pub(crate) struct Units {
    name: String,
    units: Vec<String>,
}

impl FromStr for Units {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write NAME=UNIT,UNIT, such as openai=requests,tokens";
        let (name, units) = text.rsplit_once('=').ok_or(form)?;
        let units: Vec<_> = units
            .split(',')
            .map(|unit| unit.trim().to_owned())
            .collect();
        if units.iter().any(String::is_empty) {
            return Err(form.to_owned());
        }
        let name = name.to_owned();
        Ok(Self { name, units })
    }
}

/// Returns the label of a limit of a limiter: its unit, or its number.
pub(crate) fn label(all: &[Units], name: &str, nth: usize) -> String {
    let units = all.iter().find(|it| it.name == name);
    match units.and_then(|it| it.units.get(nth)) {
        Some(unit) => format!("  {unit}"),
        None => format!("  limit {}", nth + 1),
    }
}
