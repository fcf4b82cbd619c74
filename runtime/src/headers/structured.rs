//! Parser of structured fields (RFC 9651): `RateLimit`, `RateLimit-Policy`, and the lists in `RateLimit-Limit`.
//!
//! A syntax error makes the whole field invalid, as the RFC requires. A value of the wrong type makes its item invalid,
//! as the IETF draft requires.

use core::convert::Infallible;
use core::time::Duration;
use std::borrow::Cow;

use sfv::visitor::{
    DictionaryVisitor, EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ListVisitor,
    ParameterVisitor,
};
use sfv::{BareItemFromInput, KeyRef, Parser};

use super::number;

/// Maximum number of items that are kept, more than any known server sends.
const MAX_ITEMS: usize = 32;

/// Member of a list or a dictionary.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// Value, if it is a string or a token; in a dictionary, the key.
    pub(super) name: Option<String>,
    /// Value, if it is a number.
    pub(super) number: Option<f64>,
    quota: Parameter<f64>,
    remaining: Parameter<f64>,
    reset: Parameter<Duration>,
    window: Parameter<Duration>,
    unit: Parameter<String>,
    partition: Parameter<Box<[u8]>>,
}

/// Parameter of an item.
#[derive(Debug, Default)]
enum Parameter<T> {
    #[default]
    Missing,
    Malformed,
    Is(T),
}

/// Error: a known parameter has a wrong type.
#[derive(Debug)]
pub(super) struct Malformed;

/// Valid parameters of an item.
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) quota: Option<f64>,
    pub(super) remaining: Option<f64>,
    pub(super) reset: Option<Duration>,
    /// Longer than zero.
    pub(super) window: Option<Duration>,
    pub(super) unit: Option<String>,
    pub(super) partition: Option<Box<[u8]>>,
}

/// Parses a list, such as `"default";r=50;t=30` or `10, 10;w=1`. Empty if it is malformed.
pub(super) fn list(text: &[u8]) -> Vec<Item> {
    let mut items = Vec::new();
    match Parser::new(text).parse_list_with_visitor(Items(&mut items)) {
        Ok(()) => items,
        Err(_) => Vec::new(),
    }
}

/// Parses a dictionary, such as `limit=10, remaining=1, reset=7`. Empty if it is malformed.
pub(super) fn dictionary(text: &[u8]) -> Vec<Item> {
    let mut items = Vec::new();
    match Parser::new(text).parse_dictionary_with_visitor(Items(&mut items)) {
        Ok(()) => items,
        Err(_) => Vec::new(),
    }
}

impl Item {
    /// Returns the parameters, if all of them are valid.
    pub(super) fn parameters(self) -> Result<Parameters, Malformed> {
        let window = self.window.valid()?;
        if window == Some(Duration::ZERO) {
            return Err(Malformed);
        }
        Ok(Parameters {
            quota: self.quota.valid()?,
            remaining: self.remaining.valid()?,
            reset: self.reset.valid()?,
            window,
            unit: self.unit.valid()?,
            partition: self.partition.valid()?,
        })
    }
}

impl<T> Parameter<T> {
    fn new(value: Option<T>) -> Self {
        value.map_or(Self::Malformed, Self::Is)
    }

    fn valid(self) -> Result<Option<T>, Malformed> {
        match self {
            Self::Missing => Ok(None),
            Self::Malformed => Err(Malformed),
            Self::Is(value) => Ok(Some(value)),
        }
    }
}

/// Visitor that collects the members of a field.
struct Items<'i>(&'i mut Vec<Item>);

/// Visitor that reads one member.
struct Member<'i> {
    items: &'i mut Vec<Item>,
    item: Item,
}

impl Items<'_> {
    fn member(&mut self, key: Option<&KeyRef>) -> Option<Member<'_>> {
        let name = key.map(|key| key.as_str().to_owned());
        // Of several members with the same key the last one counts.
        self.0.retain(|item| name.is_none() || item.name != name);
        let room = self.0.len() < MAX_ITEMS;
        room.then(|| Member {
            items: self.0,
            item: Item {
                name,
                ..Item::default()
            },
        })
    }
}

impl<'de> ListVisitor<'de> for Items<'_> {
    type Out = ();
    type Error = Infallible;

    fn entry(&mut self) -> Result<impl EntryVisitor<'de>, Self::Error> {
        Ok(self.member(None))
    }

    fn finish(self) -> Result<Self::Out, Self::Error> {
        Ok(())
    }
}

impl<'de> DictionaryVisitor<'de> for Items<'_> {
    type Out = ();
    type Error = Infallible;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Self::Error> {
        Ok(self.member(Some(key)))
    }

    fn finish(self) -> Result<Self::Out, Self::Error> {
        Ok(())
    }
}

impl<'de> EntryVisitor<'de> for Member<'_> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'de>, Self::Error> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Self::Error> {
        Ok(Ignored)
    }
}

impl<'de> ItemVisitor<'de> for Member<'_> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(
        mut self,
        bare: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = Self::Out>, Self::Error> {
        match bare {
            BareItemFromInput::Integer(value) => self.item.number = Some(float(value)),
            BareItemFromInput::Decimal(value) => self.item.number = Some(f64::from(value)),
            other if self.item.name.is_none() => self.item.name = text(other).map(Cow::into_owned),
            _ => {}
        }
        Ok(self)
    }
}

impl<'de> ParameterVisitor<'de> for Member<'_> {
    type Out = ();
    type Error = Infallible;

    fn parameter(
        &mut self,
        key: &'de KeyRef,
        value: BareItemFromInput<'de>,
    ) -> Result<(), Self::Error> {
        match key.as_str() {
            "q" => self.item.quota = Parameter::new(count(&value)),
            "r" => self.item.remaining = Parameter::new(count(&value)),
            "t" => self.item.reset = Parameter::new(seconds(&value)),
            "w" | "window" => self.item.window = Parameter::new(seconds(&value)),
            "qu" => self.item.unit = Parameter::new(text(value).map(Cow::into_owned)),
            "pk" => self.item.partition = Parameter::new(bytes(value)),
            _ => {}
        }
        Ok(())
    }

    fn finish(self) -> Result<Self::Out, Self::Error> {
        self.items.push(self.item);
        Ok(())
    }
}

fn text(value: BareItemFromInput<'_>) -> Option<Cow<'_, str>> {
    match value {
        BareItemFromInput::String(Cow::Borrowed(text)) => Some(Cow::Borrowed(text.as_str())),
        BareItemFromInput::String(Cow::Owned(text)) => Some(Cow::Owned(text.into())),
        BareItemFromInput::Token(token) => Some(Cow::Borrowed(token.as_str())),
        _ => None,
    }
}

fn bytes(value: BareItemFromInput<'_>) -> Option<Box<[u8]>> {
    match value {
        BareItemFromInput::ByteSequence(bytes) => Some(bytes.into()),
        _ => None,
    }
}

fn seconds(value: &BareItemFromInput<'_>) -> Option<Duration> {
    number::seconds(count(value)?)
}

fn count(value: &BareItemFromInput<'_>) -> Option<f64> {
    match value {
        BareItemFromInput::Integer(value) => Some(float(*value)).filter(|count| *count >= 0.0),
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "integers of structured fields have at most 15 digits"
)]
fn float(value: sfv::Integer) -> f64 {
    i64::from(value) as f64
}
