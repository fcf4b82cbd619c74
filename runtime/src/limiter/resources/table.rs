//! Known resources, and the functions whose responses have named them.

use core::ptr;
use std::sync::Arc;

/// Maximum number of known resources: one bit each in a function's mask.
const MOST: usize = 8;

/// Identity of an annotated function, by the address of its `Site`, or of a line with a call without the attribute, by
/// that of its `Location`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Function(usize);

impl Function {
    #[inline]
    pub(crate) fn of<T>(site: &'static T) -> Self {
        Self(ptr::from_ref(site).addr())
    }

    /// Function of a call whose options are wrong. It has no resources.
    pub(crate) const NONE: Self = Self(0);
}

/// Resources of a limiter, and the functions whose responses have named each of them.
#[derive(Debug)]
pub(in crate::limiter) struct Resources<L> {
    known: Vec<Resource<L>>,
    functions: Vec<(Function, u8)>,
    /// Number of responses that named a resource.
    told: u64,
}

#[derive(Debug)]
struct Resource<L> {
    name: Box<str>,
    limiter: Arc<L>,
    /// Number of the last response that named it.
    told: u64,
}

impl<L> Resources<L> {
    pub(in crate::limiter) const EMPTY: Self = Self {
        known: Vec::new(),
        functions: Vec::new(),
        told: 0,
    };

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<L>> {
        self.known.iter().map(|resource| &resource.limiter)
    }

    /// Returns the limiters of the resources that responses to a function have named.
    pub(super) fn of(&self, function: Function) -> impl Iterator<Item = &Arc<L>> {
        let known = self.functions.iter().find(|(known, _)| *known == function);
        let mask = known.map_or(0, |(_, mask)| *mask);
        let resources = self.known.iter().enumerate();
        resources
            .filter(move |(at, _)| mask & (1 << at) != 0)
            .map(|(_, resource)| &resource.limiter)
    }

    /// Records that a response to a function named a resource. `make` creates the limiter of a new one.
    pub(super) fn record(
        &mut self,
        name: &str,
        function: Function,
        make: impl FnOnce() -> Arc<L>,
    ) -> Arc<L> {
        self.told += 1;
        let known = self.known.iter().position(|it| *it.name == *name);
        let at = known.unwrap_or_else(|| {
            self.add(Resource {
                name: name.into(),
                limiter: make(),
                told: 0,
            })
        });
        self.known[at].told = self.told;
        let bit = 1 << at;
        match self.functions.iter_mut().find(|it| it.0 == function) {
            Some((_, mask)) => *mask |= bit,
            None => self.functions.push((function, bit)),
        }
        Arc::clone(&self.known[at].limiter)
    }

    /// Adds a resource, in place of the least recently named one if there is no room.
    fn add(&mut self, resource: Resource<L>) -> usize {
        if self.known.len() < MOST {
            self.known.push(resource);
            return self.known.len() - 1;
        }
        let at = (0..MOST).min_by_key(|&at| self.known[at].told);
        let at = at.unwrap_or_default();
        self.known[at] = resource;
        for (_, mask) in &mut self.functions {
            *mask &= !(1 << at);
        }
        at
    }
}
