//! Complaints of a dependency that answers: an error for one question and not for another.
//! The log hears of each complaint once, and of its end.

use std::cell::RefCell;

/// Complaints about more questions than this are not told apart.
const MOST: usize = 64;

/// The complaints of one dependency, as one instance has heard them.
pub(crate) struct Complaints {
    /// The dependency's name in the log.
    name: &'static str,
    /// Questions, and what was said to each the last time.
    open: RefCell<Vec<(String, String)>>,
}

impl Complaints {
    /// None yet.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, open: RefCell::new(Vec::new()) }
    }

    /// Notes the answer to a question: `said` is the complaint, `None` a good answer. Gives the
    /// line for the log, if there is news.
    pub(crate) fn heard(&self, question: &str, said: Option<&str>) -> Option<String> {
        let mut open = self.open.borrow_mut();
        let place = open.iter().position(|(asked, _)| asked == question);
        let before = place.map(|place| open.swap_remove(place).1);
        let is_open = |said: &str| open.iter().any(|(_, other)| other == said);
        match (said, before) {
            (None, None) => None,
            (None, Some(before)) => (!is_open(&before)).then(|| format!("{} no longer answers: {before}", self.name)),
            (Some(said), before) => {
                let known = before.as_deref() == Some(said) || is_open(said);
                if open.len() < MOST {
                    open.push((question.to_owned(), said.to_owned()));
                }
                (!known).then(|| format!("{} answers: {said}", self.name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_told_once_and_its_end_once_whatever_else_is_answered() {
        let complaints = Complaints::new("Redis");
        let heard = |question, said| complaints.heard(question, said);
        assert_eq!(heard("MGET", None), None);
        assert_eq!(heard("DEL", Some("MISCONF")).as_deref(), Some("Redis answers: MISCONF"));
        for _ in 0..3 {
            assert_eq!(heard("DEL", Some("MISCONF")), None, "told already");
            assert_eq!(heard("MGET", None), None, "another question's good answer ends nothing");
            assert_eq!(heard("SET", Some("MISCONF")), None, "the same complaint about another question");
        }
        assert_eq!(heard("DEL", Some("READONLY")).as_deref(), Some("Redis answers: READONLY"));
        assert_eq!(heard("SET", None).as_deref(), Some("Redis no longer answers: MISCONF"));
        assert_eq!(heard("DEL", None).as_deref(), Some("Redis no longer answers: READONLY"));
        assert_eq!(heard("DEL", None), None);
    }

    #[test]
    fn complaints_take_a_bounded_place() {
        let complaints = Complaints::new("Redis");
        for question in 0..1000 {
            complaints.heard(&question.to_string(), Some("no"));
        }
        assert_eq!(complaints.open.borrow().len(), MOST);
    }
}
