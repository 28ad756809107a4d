//! Errors of Postgres by their SQLSTATE, whole classes at a time: whether the same request may
//! succeed later, and what an operator has to do (PostgreSQL documentation, appendix A).

use cache_logic::origin::OriginFault;

/// The SQLSTATE of our own functions for a change that no trigger has announced.
const NOT_ANNOUNCED: &str = "OB001";

/// The SQLSTATE of our own functions and triggers for a change that a rule of the data forbids. The
/// message is for the caller.
const REFUSED: &str = "OB002";

/// `Retry-After` for faults that pass by themselves, in seconds.
const SOON: u32 = 1;
/// `Retry-After` for faults that a failover or an operator ends, in seconds.
const LATER: u32 = 5;

/// The meaning of an error that Postgres answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The statement reached its time limit.
    TooSlow,
    /// The server takes nobody in. It is left alone for a while.
    Closed,
    /// The same request may succeed after so many seconds; other requests may succeed now.
    Later(&'static str, u32),
    /// Only an operator can mend it.
    Operator(&'static str),
    /// A rule of the data forbids it.
    Refused,
    /// A mistake of ours.
    Mistake,
}

impl Meaning {
    /// The meaning of a code. `message` tells apart what one code is used for.
    pub(super) fn of(code: &str, message: &str) -> Self {
        let class = code.get(..2).unwrap_or_default();
        match (class, code) {
            (_, "57014") => Self::TooSlow,
            // Connection exceptions; too many connections; starting up, shutting down, database
            // dropped.
            ("08", _) | (_, "53300" | "57P03" | "57P04") => Self::Closed,
            // A standby, the old primary after a failover, or a disk that the provider protects.
            (_, "25006") => Self::Later("the database is read-only at the moment", LATER),
            (_, "53100") => Self::Later("the database's disk is full", LATER),
            ("53", _) => Self::Later("the database is short of memory or other resources", LATER),
            // Input and output, missing files: the server's machine.
            ("58", _) => Self::Later("the database has trouble with its disk", LATER),
            // The session was ended by an administrator, a crash, or a limit on idle sessions and
            // transactions. Another session may go on at once.
            (_, "57P01" | "57P02" | "57P05" | "25P03" | "25P04") => Self::Later("the database ended the session", SOON),
            // A transaction or a prepared statement that another user of a pooled session left.
            (_, "25P02" | "26000" | "42P05") => Self::Later("the database's session was spoilt by another user", SOON),
            // Serialization failures and deadlocks; locks, objects in use; not while the server
            // recovers.
            ("40", _) | (_, "55P03" | "55006" | "55000") => Self::Later("the database was busy", SOON),
            // A function or a table was replaced while the statement used it.
            (_, "0A000" | "XX000") if is_race_with_a_migration(message) => {
                Self::Later("the database is being brought up to date", SOON)
            }
            (_, NOT_ANNOUNCED) => Self::Operator(
                "the database doesn't announce its changes, so none is made: /api/v1/health names the trigger",
            ),
            (_, REFUSED) => Self::Refused,
            // No such function, table, column, type or schema.
            (_, "42883" | "42P01" | "42703" | "42704" | "3F000") => Self::Operator(
                "the database lacks a function or a table: it isn't migrated, or the role's search_path doesn't \
                 name its schema",
            ),
            (_, "42501") => Self::Operator("the database's role lacks a right: see database/README.md"),
            ("28", _) => Self::Operator("the database refuses the role or its password"),
            (_, "3D000") => Self::Operator("the server has no database of that name"),
            _ => Self::Mistake,
        }
    }

    /// The fault for the caller, if the server has answered and goes on answering.
    pub(super) fn fault(&self, code: &str, message: &str) -> Option<OriginFault> {
        match self {
            Self::TooSlow | Self::Closed => None,
            Self::Later(detail, retry_after_seconds) => Some(OriginFault::Unavailable {
                detail: (*detail).to_owned(),
                retry_after_seconds: *retry_after_seconds,
            }),
            Self::Operator(detail) => {
                Some(OriginFault::Misconfigured { detail: format!("{detail} (SQLSTATE {code})") })
            }
            Self::Refused => Some(OriginFault::Refused { detail: message.to_owned() }),
            Self::Mistake => Some(OriginFault::internal(format!("SQLSTATE {code}: {message}"))),
        }
    }

    /// Whether somebody has to be told: it passes only if an operator does something.
    pub(super) fn is_for_the_log(&self) -> bool {
        matches!(self, Self::Operator(_) | Self::Later(_, LATER))
    }
}

/// Postgres has no codes of their own for these. The texts are in English in any locale, except the
/// last.
fn is_race_with_a_migration(message: &str) -> bool {
    const TEXTS: [&str; 6] = [
        "cache lookup failed",
        "tuple concurrently updated",
        "tuple concurrently deleted",
        "could not open relation with OID",
        "cannot assign TransactionIds during recovery",
        "cached plan must not change result type",
    ];
    TEXTS.iter().any(|text| message.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the fault of a code is answered: its kind, and `Retry-After`.
    fn answer(code: &str, message: &str) -> (&'static str, u32) {
        let meaning = Meaning::of(code, message);
        match meaning.fault(code, message) {
            None if meaning == Meaning::TooSlow => ("too slow", 0),
            None => ("closed", 0),
            Some(OriginFault::Unavailable { retry_after_seconds, .. }) => ("later", retry_after_seconds),
            Some(OriginFault::Overloaded { .. }) => ("overloaded", 0),
            Some(OriginFault::Misconfigured { .. }) => ("operator", 0),
            Some(OriginFault::Refused { .. }) => ("refused", 0),
            Some(OriginFault::Internal { .. }) => ("mistake", 0),
        }
    }

    #[test]
    fn what_a_retry_cures_is_never_a_mistake_of_ours() {
        let table = [
            // code, what it is, how it is answered
            ("08000", "connection_exception", ("closed", 0)),
            ("08003", "connection_does_not_exist", ("closed", 0)),
            ("08006", "connection_failure", ("closed", 0)),
            ("08P01", "protocol_violation", ("closed", 0)),
            ("25006", "read_only_sql_transaction", ("later", LATER)),
            ("25P02", "in_failed_sql_transaction", ("later", SOON)),
            ("25P03", "idle_in_transaction_session_timeout", ("later", SOON)),
            ("25P04", "transaction_timeout", ("later", SOON)),
            ("26000", "invalid_sql_statement_name", ("later", SOON)),
            ("42P05", "duplicate_prepared_statement", ("later", SOON)),
            ("40001", "serialization_failure", ("later", SOON)),
            ("40003", "statement_completion_unknown", ("later", SOON)),
            ("40P01", "deadlock_detected", ("later", SOON)),
            ("53000", "insufficient_resources", ("later", LATER)),
            ("53100", "disk_full", ("later", LATER)),
            ("53200", "out_of_memory", ("later", LATER)),
            ("53300", "too_many_connections", ("closed", 0)),
            ("53400", "configuration_limit_exceeded", ("later", LATER)),
            ("55000", "object_not_in_prerequisite_state", ("later", SOON)),
            ("55006", "object_in_use", ("later", SOON)),
            ("55P03", "lock_not_available", ("later", SOON)),
            ("57014", "query_canceled", ("too slow", 0)),
            ("57P01", "admin_shutdown", ("later", SOON)),
            ("57P02", "crash_shutdown", ("later", SOON)),
            ("57P03", "cannot_connect_now", ("closed", 0)),
            ("57P04", "database_dropped", ("closed", 0)),
            ("57P05", "idle_session_timeout", ("later", SOON)),
            ("58000", "system_error", ("later", LATER)),
            ("58030", "io_error", ("later", LATER)),
            ("58P01", "undefined_file", ("later", LATER)),
            ("XX000", "cache lookup failed for function 16455", ("later", SOON)),
            ("XX000", "tuple concurrently updated", ("later", SOON)),
            ("XX000", "could not open relation with OID 16455", ("later", SOON)),
            ("XX000", "cannot assign TransactionIds during recovery", ("later", SOON)),
            ("0A000", "cached plan must not change result type", ("later", SOON)),
        ];
        for (code, what, expected) in table {
            assert_eq!(answer(code, what), expected, "{code} {what}");
        }
    }

    #[test]
    fn what_an_operator_has_to_mend_is_named_and_what_nobody_caused_is_a_mistake() {
        let table = [
            ("28000", "operator"),
            ("28P01", "operator"),
            ("3D000", "operator"),
            ("3F000", "operator"),
            ("42501", "operator"),
            ("42703", "operator"),
            ("42704", "operator"),
            ("42883", "operator"),
            ("42P01", "operator"),
            (NOT_ANNOUNCED, "operator"),
            (REFUSED, "refused"),
            ("0A000", "mistake"),
            ("22P02", "mistake"),
            ("23505", "mistake"),
            ("25001", "mistake"),
            ("42601", "mistake"),
            ("54001", "mistake"),
            ("P0001", "mistake"),
            ("XX000", "mistake"),
            ("XX001", "mistake"),
            ("", "mistake"),
        ];
        for (code, expected) in table {
            assert_eq!(answer(code, "whatever it says").0, expected, "{code}");
        }
    }

    #[test]
    fn a_callers_answer_names_the_code_and_not_what_postgres_said() {
        let said = "permission denied for table orders";
        let fault = Meaning::of("42501", said).fault("42501", said).map(|fault| fault.to_string());
        assert_eq!(
            fault.as_deref(),
            Some("the database's role lacks a right: see database/README.md (SQLSTATE 42501)")
        );
    }
}
