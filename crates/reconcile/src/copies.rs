//! Whether what a session says it copied from another one stands there too.
//!
//! A record that bears the name of another session is left out as that session's act. An agent can
//! write that name on anything, and the other session may be gone; so the name is believed only
//! where the other session's own account holds the same acts and words. It is asked once all
//! sessions are read, and a session that is not borne out is read again as its own.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use proctor_model::SessionId;

/// The most acts and words of a session that are remembered; 8 bytes each. What is not remembered
/// bears out no copy.
const PRINTS: usize = 64 * 1024;

/// The most sessions that one may say it copied from.
const ORIGINS: usize = 64;

/// How often all sessions are asked again, because copies of copies wait for one another.
const ROUNDS: usize = 64;

/// What a session's account holds, as prints of the agent's calls and words and of what tools
/// answered. Prints are alike in all sessions of this process, and in no other process.
#[derive(Clone, Debug, Default)]
pub struct Account {
    own: Vec<u64>,
    copied: BTreeMap<SessionId, Vec<u64>>,
    /// Something was said to be copied that is not in `copied`.
    over: bool,
}

impl Account {
    /// Remembers something of the session itself, or said to be copied from another one.
    pub(crate) fn add(&mut self, print: u64, origin: Option<&SessionId>) {
        let Some(origin) = origin else {
            if self.own.len() < PRINTS {
                self.own.push(print);
            }
            return;
        };
        let origins = self.copied.len();
        let kept: usize = self.copied.values().map(Vec::len).sum();
        match self.copied.get_mut(origin) {
            Some(prints) if kept < PRINTS => prints.push(print),
            None if kept < PRINTS && origins < ORIGINS => {
                self.copied.insert(origin.clone(), vec![print]);
            }
            _ => self.over = true,
        }
    }

    fn copies(&self) -> bool {
        self.over || !self.copied.is_empty()
    }
}

/// The sessions whose copies no other session bears out: their origin is not there, is themselves,
/// or holds something else. Of sessions that only bear out one another, the one whose id sorts
/// first is among them, so that every act is judged somewhere.
pub fn unfounded<'a>(
    accounts: impl IntoIterator<Item = (&'a SessionId, &'a Account)>,
) -> BTreeSet<SessionId> {
    let accounts: BTreeMap<&SessionId, &Account> = accounts.into_iter().collect();
    let mut waiting: BTreeSet<&SessionId> = accounts
        .iter()
        .filter(|(_, account)| account.copies())
        .map(|(id, _)| *id)
        .collect();
    // What each origin holds that is judged there, or is borne out to be judged elsewhere.
    let mut founded: BTreeMap<&SessionId, HashSet<u64>> = waiting
        .iter()
        .filter_map(|id| accounts.get(id))
        .flat_map(|account| account.copied.keys())
        .filter_map(|id| accounts.get_key_value(id))
        .map(|(id, account)| (*id, account.own.iter().copied().collect()))
        .collect();
    let mut unfounded = BTreeSet::new();
    for _ in 0..ROUNDS {
        let holds = |origin: &SessionId, prints: &Vec<u64>| {
            founded
                .get(origin)
                .is_some_and(|held| prints.iter().all(|print| held.contains(print)))
        };
        let borne_out = |id: &&SessionId| {
            accounts
                .get(id)
                .is_some_and(|a| !a.over && a.copied.iter().all(|(o, prints)| holds(o, prints)))
        };
        let may_wait = |id: &&SessionId| {
            accounts
                .get(id)
                .is_some_and(|a| a.copied.keys().any(|o| o != *id && waiting.contains(o)))
        };
        let mut settled: Vec<&SessionId> = waiting.iter().copied().filter(borne_out).collect();
        if settled.is_empty() {
            settled = waiting.iter().copied().filter(|id| !may_wait(id)).collect();
            if settled.is_empty() {
                settled.extend(waiting.first().copied());
            }
            unfounded.extend(settled.iter().map(|id| (*id).clone()));
        }
        if settled.is_empty() {
            break;
        }
        for id in settled {
            waiting.remove(id);
            if let (Some(held), Some(account)) = (founded.get_mut(id), accounts.get(id)) {
                held.extend(account.copied.values().flatten());
            }
        }
    }
    unfounded.extend(waiting.into_iter().cloned());
    unfounded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session, what it holds itself, and what it copied from which.
    type Told<'a> = (&'a str, &'a [u64], &'a [(&'a str, &'a [u64])]);

    /// The sessions among these whose copies nobody bears out.
    fn unfounded_of(sessions: &[Told<'_>]) -> Vec<String> {
        let accounts: Vec<(SessionId, Account)> = sessions
            .iter()
            .map(|(id, own, copied)| {
                let mut account = Account::default();
                own.iter().for_each(|print| account.add(*print, None));
                for (origin, prints) in *copied {
                    let origin = SessionId::new(*origin);
                    prints.iter().for_each(|p| account.add(*p, Some(&origin)));
                }
                (SessionId::new(*id), account)
            })
            .collect();
        unfounded(accounts.iter().map(|(id, account)| (id, account)))
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_copy_is_believed_where_its_origin_holds_the_same() {
        let origin: Told<'_> = ("a", &[1, 2, 3], &[]);
        assert!(unfounded_of(&[origin, ("b", &[9], &[("a", &[1, 2])])]).is_empty());
        assert_eq!(
            unfounded_of(&[origin, ("b", &[], &[("a", &[1, 7])])]),
            ["b"]
        );
        assert_eq!(unfounded_of(&[origin, ("b", &[1], &[("b", &[2])])]), ["b"]);
        assert_eq!(unfounded_of(&[origin, ("b", &[1], &[("x", &[1])])]), ["b"]);
    }

    #[test]
    fn every_act_is_judged_in_one_of_its_copies() {
        // A chain that begins in a session that is there, and one that does not.
        assert!(
            unfounded_of(&[
                ("a", &[3], &[("b", &[1, 2])]),
                ("b", &[2], &[("c", &[1])]),
                ("c", &[1], &[]),
            ])
            .is_empty()
        );
        assert_eq!(
            unfounded_of(&[("a", &[3], &[("b", &[1, 2])]), ("b", &[2], &[("x", &[1])])]),
            ["b"]
        );
        // A ring.
        assert_eq!(
            unfounded_of(&[("a", &[], &[("b", &[1])]), ("b", &[], &[("a", &[1])])]),
            ["a"]
        );
    }

    #[test]
    fn what_is_over_the_bound_is_not_believed() {
        let mut account = Account::default();
        let origin = SessionId::new("a");
        (0..PRINTS as u64 + 1).for_each(|print| account.add(print, Some(&origin)));
        let id = SessionId::new("b");
        assert!(unfounded([(&id, &account)]).contains(&id));
        assert_eq!(account.copied.values().map(Vec::len).sum::<usize>(), PRINTS);
    }
}
