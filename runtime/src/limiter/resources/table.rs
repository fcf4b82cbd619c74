//! Which resources there are, and which functions' answers have named them.

use core::ptr;
use std::sync::Arc;

/// Resources that are known at the same time: one bit each in a function's mask.
const MOST: usize = 8;

/// Identity of an annotated function: the address of its `Site`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Function(usize);

impl Function {
    #[inline]
    pub(crate) fn of<T>(kept: &'static T) -> Self {
        Self(ptr::from_ref(kept).addr())
    }

    /// Stands for a call whose options are wrong. It has no resources.
    pub(crate) const NONE: Self = Self(0);
}

/// The resources of a limiter, and which functions' answers have named which of them.
#[derive(Debug)]
pub(in crate::limiter) struct Resources<L> {
    resources: Vec<Resource<L>>,
    functions: Vec<(Function, u8)>,
    /// Answers that named a resource.
    told: u64,
}

#[derive(Debug)]
struct Resource<L> {
    name: Box<str>,
    limiter: Arc<L>,
    /// Number of the last answer that named it.
    told: u64,
}

impl<L> Resources<L> {
    pub(in crate::limiter) const EMPTY: Self = Self {
        resources: Vec::new(),
        functions: Vec::new(),
        told: 0,
    };

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<L>> {
        self.resources.iter().map(|resource| &resource.limiter)
    }

    /// The limiters of the resources that a function's answers have named.
    pub(super) fn of(&self, function: Function) -> impl Iterator<Item = &Arc<L>> {
        let known = self.functions.iter().find(|(known, _)| *known == function);
        let mask = known.map_or(0, |(_, mask)| *mask);
        let resources = self.resources.iter().enumerate();
        resources
            .filter(move |(at, _)| mask & (1 << at) != 0)
            .map(|(_, resource)| &resource.limiter)
    }

    /// Takes note that an answer to a function named a resource. `make` gives a new one its limiter.
    pub(super) fn tell(
        &mut self,
        name: &str,
        function: Function,
        make: impl FnOnce() -> Arc<L>,
    ) -> Arc<L> {
        self.told += 1;
        let known = self.resources.iter().position(|it| *it.name == *name);
        let at = known.unwrap_or_else(|| {
            self.add(Resource {
                name: name.into(),
                limiter: make(),
                told: 0,
            })
        });
        self.resources[at].told = self.told;
        let bit = 1 << at;
        match self.functions.iter_mut().find(|it| it.0 == function) {
            Some((_, mask)) => *mask |= bit,
            None => self.functions.push((function, bit)),
        }
        Arc::clone(&self.resources[at].limiter)
    }

    /// Adds a resource, in the place of the one told of least recently where there is no other.
    fn add(&mut self, resource: Resource<L>) -> usize {
        if self.resources.len() < MOST {
            self.resources.push(resource);
            return self.resources.len() - 1;
        }
        let at = (0..MOST).min_by_key(|&at| self.resources[at].told);
        let at = at.unwrap_or_default();
        self.resources[at] = resource;
        for (_, mask) in &mut self.functions {
            *mask &= !(1 << at);
        }
        at
    }
}
