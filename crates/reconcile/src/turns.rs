//! Model requests and turns: tokens counted once, and turns in which nothing of the reasoning is
//! recorded.

use std::collections::{BTreeMap, VecDeque};
use std::hash::BuildHasher;

use proctor_model::Tokens;

use crate::hash::Keyed;
use crate::summary::{TokenTotals, count};

/// The most requests whose usage may still be corrected by a later record.
const OPEN: usize = 256;

/// The tokens of one session.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    total: TokenTotals,
    hasher: Keyed,
    /// With the hash of its request, by which most are told apart.
    open: VecDeque<(u64, Tokens)>,
}

impl Usage {
    /// Takes the usage of a request. The last record of the same request counts.
    pub(crate) fn add(&mut self, tokens: Tokens) {
        let Some(request) = &tokens.request else {
            settle(&mut self.total, &tokens);
            return;
        };
        let hash = self.hasher.hash_one(request);
        let known = self
            .open
            .iter_mut()
            .rev()
            .find(|(other, known)| *other == hash && known.request == tokens.request);
        if let Some((_, known)) = known {
            *known = tokens;
            return;
        }
        if self.open.len() >= OPEN
            && let Some((_, oldest)) = self.open.pop_front()
        {
            settle(&mut self.total, &oldest);
        }
        self.open.push_back((hash, tokens));
    }

    /// All tokens so far.
    pub(crate) fn total(&self) -> TokenTotals {
        let mut total = self.total;
        self.open
            .iter()
            .for_each(|(_, tokens)| settle(&mut total, tokens));
        total
    }

    #[cfg(test)]
    pub(crate) fn size(&self) -> usize {
        self.open.len()
    }
}

fn settle(total: &mut TokenTotals, tokens: &Tokens) {
    total.requests += 1;
    total.input = total.input.saturating_add(tokens.input);
    total.output = total.output.saturating_add(tokens.output);
    total.cache_read = total.cache_read.saturating_add(tokens.cache_read);
    total.cache_write = total.cache_write.saturating_add(tokens.cache_write);
}

/// What one answer of the model had: text, calls, reasoning.
#[derive(Clone, Debug, Default)]
struct Turn {
    request: Option<String>,
    reasoned: bool,
}

/// Counts the turns without reasoning.
///
/// A turn goes on until a result or a message to the agent, unless the request's id says that what
/// follows belongs to it: harnesses record the results of quick tools before the turn's last call.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    /// The turn before the present one, which may turn out to be the same.
    previous: Option<Turn>,
    present: Option<Turn>,
    ended: bool,
}

impl Turns {
    /// The agent said or asked something.
    pub(crate) fn agent(&mut self, reasoned: bool, counts: &mut BTreeMap<String, u64>) {
        if self.ended || self.present.is_none() {
            self.begin(None, counts);
        }
        if let Some(present) = &mut self.present {
            present.reasoned |= reasoned;
        }
    }

    /// The usage of a request was recorded, before, among or after what the agent said in it.
    pub(crate) fn usage(&mut self, request: Option<&str>, counts: &mut BTreeMap<String, u64>) {
        let Some(request) = request else {
            return;
        };
        let is = |turn: &Option<Turn>| {
            turn.as_ref().and_then(|turn| turn.request.as_deref()) == Some(request)
        };
        if is(&self.present) {
            return;
        }
        if is(&self.previous) {
            let merged = self.present.take().is_some_and(|present| present.reasoned);
            self.present = self.previous.take();
            if let Some(present) = &mut self.present {
                present.reasoned |= merged;
            }
        } else if let Some(present) = self
            .present
            .as_mut()
            .filter(|present| present.request.is_none())
        {
            present.request = Some(request.to_owned());
        } else {
            self.begin(Some(request), counts);
        }
    }

    /// Something came from outside: a result, a message to the agent, a break.
    pub(crate) fn outside(&mut self) {
        self.ended = true;
    }

    /// The session is over.
    pub(crate) fn finish(&mut self, counts: &mut BTreeMap<String, u64>) {
        self.begin(None, counts);
        self.present = None;
        self.begin(None, counts);
    }

    fn begin(&mut self, request: Option<&str>, counts: &mut BTreeMap<String, u64>) {
        if self.previous.take().is_some_and(|turn| !turn.reasoned) {
            count(counts, "absent");
        }
        self.previous = self.present.replace(Turn {
            request: request.map(str::to_owned),
            reasoned: false,
        });
        self.ended = false;
    }
}
