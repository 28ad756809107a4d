-- Pages of orders depend on sets of orders, which a change announces if it moves them. A change
-- that was announced by the functions of before says nothing of sets, so none may be committed once
-- there are entries that rely on them: their writers are waited for, and the next ones find the new
-- functions.
LOCK TABLE customers, orders IN SHARE ROW EXCLUSIVE MODE;

\i code/orders/tags.sql
\i code/orders/set_tags.sql
\i code/orders/side_tags.sql
\i code/orders/changed_tags.sql
\i code/cache/announce_orders.sql
\i code/cache/announce_gone_customers.sql
