-- The reads of one order as functions, because Spin prepares each statement anew: inside a function a session keeps the plan, which
-- costs several times what running it does. (Lists and statistics stay plain statements: they need a plan for their values.)
-- The columns are those of shared/spin-adapters/src/sql/order_get.sql and its neighbours.

CREATE FUNCTION order_get(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT d.document::text, d.version, d.customer_id::text
    FROM order_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
END $$;

CREATE FUNCTION order_summary(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT d.document::text, NULL::bigint, d.customer_id::text
    FROM order_summary_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
END $$;

CREATE FUNCTION order_payment_status(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT d.document::text, NULL::bigint, d.customer_id::text
    FROM order_payment_status_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
END $$;

CREATE FUNCTION order_tracking(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT d.document::text, NULL::bigint, d.customer_id::text
    FROM order_tracking_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
END $$;

CREATE FUNCTION order_invoice(p_organization uuid, p_id uuid)
RETURNS TABLE (body text, version bigint, customer text) LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY SELECT d.document::text, NULL::bigint, d.customer_id::text
    FROM order_invoice_documents d WHERE d.organization_id = p_organization AND d.id = p_id;
END $$;
