-- Captures of approved orders that a provider is being asked for. While a row counts, no other
-- session of the order is begun or captured. Nothing that is shown depends on it. A session
-- may be deleted meanwhile: its row is cleared when its time is over, like any.
CREATE TABLE captures_under_way (
    session_id uuid PRIMARY KEY,
    until timestamptz NOT NULL
);

CREATE INDEX captures_under_way_until ON captures_under_way (until);
