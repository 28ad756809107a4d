-- The components that have a job to do now. It changes nothing.
CREATE OR REPLACE FUNCTION job_due() RETURNS TABLE (component text) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT DISTINCT j.component FROM jobs j WHERE job_is_due(j) ORDER BY j.component;
END;
