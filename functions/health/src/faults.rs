//! Faults that an operator, a platform or a tool has put into the database, as `cache_faults` finds
//! them. The product can't work with any of them.

use commerce::error::Error;
use edge::{App, Row};

/// A report names so many; further ones are counted.
const MOST: usize = 20;

/// The faults of the database.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Faults {
    /// Nothing can be changed at the moment.
    pub(crate) read_only: bool,
    /// Changes may go unseen, so no renewal certifies anything.
    pub(crate) uncached: bool,
    /// Everything else that is wrong, for people to read.
    pub(crate) details: Vec<String>,
}

impl Faults {
    /// Asks the database. One that gives no answer is reported as such, by other means.
    pub(crate) async fn read(app: &App) -> Self {
        let rows = edge::query(app, "cache_faults", Vec::new()).await.unwrap_or_default();
        let faults: Result<Vec<Fault>, Error> = rows.iter().map(Fault::from_row).collect();
        faults.map(Self::of).unwrap_or_default()
    }

    fn of(faults: Vec<Fault>) -> Self {
        let mut all = Self { uncached: faults.iter().any(|fault| fault.uncached), ..Self::default() };
        let mut rights: Vec<(String, Vec<String>)> = Vec::new();
        for fault in faults {
            match fault.kind.as_str() {
                "read_only" => all.read_only = true,
                "right" => match rights.iter_mut().find(|(relation, _)| *relation == fault.relation) {
                    Some((_, lacking)) => lacking.push(fault.subject),
                    None => rights.push((fault.relation, vec![fault.subject])),
                },
                _ => all.details.push(fault.detail()),
            }
        }
        let rights = rights.into_iter();
        all.details.extend(rights.map(|(table, lacking)| format!("the role lacks {} on {table}", lacking.join(", "))));
        if let Some(further) = all.details.len().checked_sub(MOST).filter(|further| *further > 0) {
            all.details.truncate(MOST);
            all.details.push(format!("and {further} more, see cache_faults()"));
        }
        all
    }
}

/// One row of `cache_faults`.
struct Fault {
    kind: String,
    subject: String,
    relation: String,
    trigger: String,
    uncached: bool,
}

impl Fault {
    fn from_row(row: &Row) -> Result<Self, Error> {
        let text = |column| Ok::<_, Error>(row.text(column)?.unwrap_or_default().to_owned());
        Ok(Self {
            kind: text("fault")?,
            subject: text("subject")?,
            relation: text("relation")?,
            trigger: text("trigger")?,
            uncached: row.bool("uncached")?.unwrap_or(false),
        })
    }

    fn detail(&self) -> String {
        let Self { kind, subject, relation, trigger, uncached } = self;
        let what = match kind.as_str() {
            "isolation" => {
                format!("its sessions are {subject} where read committed is asked for; does a pooler drop options=?")
            }
            "time_limit" => "its sessions have no time limit for statements; does a pooler drop options=?".to_owned(),
            "row_security" => {
                let whom = if subject == "owner" { "the functions' owner" } else { "the role" };
                format!("row-level security hides rows of {relation} from {whom}")
            }
            "trigger" if subject == "not always" => {
                format!("trigger {trigger} of {relation} is not ENABLE ALWAYS, so bulk loads pass it by")
            }
            "trigger" => format!("trigger {trigger} of {relation} is {subject}"),
            other => format!("{other} {subject} {relation} {trigger}"),
        };
        if *uncached { format!("{what}: nothing is cached") } else { what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: &str, subject: &str, relation: &str, trigger: &str, uncached: bool) -> Fault {
        let [kind, subject, relation, trigger] = [kind, subject, relation, trigger].map(str::to_owned);
        Fault { kind, subject, relation, trigger, uncached }
    }

    #[test]
    fn each_fault_is_a_sentence_that_names_table_and_trigger() {
        let table = [
            (
                fault("trigger", "disabled", "orders", "announce_update", true),
                "trigger announce_update of orders is disabled: nothing is cached",
            ),
            (
                fault("trigger", "not always", "payments", "audit", false),
                "trigger audit of payments is not ENABLE ALWAYS, so bulk loads pass it by",
            ),
            (
                fault("row_security", "role", "orders", "", true),
                "row-level security hides rows of orders from the role: nothing is cached",
            ),
            (
                fault("row_security", "owner", "orders", "", true),
                "row-level security hides rows of orders from the functions' owner: nothing is cached",
            ),
            (
                fault("isolation", "serializable", "", "", true),
                "its sessions are serializable where read committed is asked for; does a pooler drop options=?: \
                 nothing is cached",
            ),
        ];
        for (fault, text) in table {
            assert_eq!(fault.detail(), text);
        }
    }

    #[test]
    fn a_read_only_database_is_no_mistake_and_missing_rights_are_told_by_table() {
        let faults = Faults::of(vec![
            fault("read_only", "", "", "", false),
            fault("right", "SELECT", "orders", "", false),
            fault("right", "UPDATE", "orders", "", false),
            fault("right", "DELETE", "payments", "", false),
        ]);
        assert!(faults.read_only && !faults.uncached);
        assert_eq!(faults.details, ["the role lacks SELECT, UPDATE on orders", "the role lacks DELETE on payments"]);
    }

    #[test]
    fn a_report_is_bounded() {
        let many = (0..30).map(|n| fault("trigger", "missing", "orders", &n.to_string(), true)).collect();
        let faults = Faults::of(many);
        assert_eq!(
            (faults.details.len(), faults.details[MOST].as_str()),
            (MOST + 1, "and 10 more, see cache_faults()")
        );
    }
}
