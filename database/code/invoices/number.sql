-- Draws the next number of a series, in the statement that issues what bears it. The series' row is
-- locked to the commit: the next request waits, and a rollback gives the number back. That alone
-- makes numbers right and without a gap.
--   p_kind: invoice or credit_note. An organisation without a series gets INV or CRN.
--   issue_date: of the moment after the lock, in Romania; never before that of the number before.
--
-- Callers may queue for a lock in Redis before they come here, so that few wait for the row. Such a
-- lock may be lost while its holder is at work, and needs a fence: a number that tells late
-- holders. It is drawn here, after the row's lock. So a late holder has no old fence; it is next in
-- turn.
CREATE OR REPLACE FUNCTION invoice_number(p_organization uuid, p_kind text,
    OUT series text, OUT number bigint, OUT issue_date date) LANGUAGE plpgsql AS $$
DECLARE
    s invoice_series;
    is_made boolean := false;
BEGIN
    LOOP
        SELECT * INTO s FROM invoice_series t
        WHERE t.organization_id = p_organization AND t.kind = p_kind FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        IF is_made THEN
            RAISE unique_violation USING MESSAGE = 'the other kind has a series of that name';
        END IF;
        INSERT INTO invoice_series (organization_id, kind, series)
        VALUES (p_organization, p_kind, CASE p_kind WHEN 'invoice' THEN 'INV' ELSE 'CRN' END)
        -- By no constraint's name: with one, a row that comes at the same moment is an error of the
        -- other one.
        ON CONFLICT DO NOTHING;
        is_made := true;
    END LOOP;
    series := s.series;
    number := s.next_number;
    issue_date := greatest((clock_timestamp() AT TIME ZONE 'Europe/Bucharest')::date, s.last_date);
    UPDATE invoice_series t SET next_number = s.next_number + 1, last_date = issue_date,
        fence = nextval('invoice_fences')
    WHERE t.organization_id = p_organization AND t.kind = p_kind;
END $$;
