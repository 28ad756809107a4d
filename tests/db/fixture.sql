-- The rows that every test of an empty database starts with: two organisations, three customers, a
-- few products, no orders.
INSERT INTO organizations (id, name, legal_name, cui, address) VALUES
    ('aaaaaaaa-0000-7000-8000-000000000001', 'First', 'FIRST SRL', 'RO18189442', '{"line1": "a", "city": "b", "country": "RO"}'),
    ('aaaaaaaa-0000-7000-8000-000000000002', 'Second', 'SECOND SRL', 'RO14399840', '{"line1": "a", "city": "b", "country": "RO"}');
INSERT INTO customers (id, organization_id, name, email, address) VALUES
    ('bbbbbbbb-0000-7000-8000-000000000001', 'aaaaaaaa-0000-7000-8000-000000000001', 'Ana', 'ana@example.com', '{"line1": "a", "city": "b", "country": "RO"}'),
    ('bbbbbbbb-0000-7000-8000-000000000002', 'aaaaaaaa-0000-7000-8000-000000000001', 'Radu', 'radu@example.com', '{"line1": "a", "city": "b", "country": "RO"}'),
    ('bbbbbbbb-0000-7000-8000-000000000003', 'aaaaaaaa-0000-7000-8000-000000000002', 'Vlad', 'vlad@example.com', '{"line1": "a", "city": "b", "country": "RO"}');
INSERT INTO products (organization_id, sku, name, currency, price, active) VALUES
    ('aaaaaaaa-0000-7000-8000-000000000001', 'CUP', 'Cup', 'EUR', 9.99, true),
    ('aaaaaaaa-0000-7000-8000-000000000001', 'CUP', 'Cup', 'JPY', 1500, true),
    ('aaaaaaaa-0000-7000-8000-000000000001', 'JUG', 'Jug', 'EUR', 20, true),
    ('aaaaaaaa-0000-7000-8000-000000000001', 'GIFT', 'Sample', 'EUR', 0, true),
    ('aaaaaaaa-0000-7000-8000-000000000001', 'OLD', 'Not sold any more', 'EUR', 5, false),
    ('aaaaaaaa-0000-7000-8000-000000000002', 'HAT', 'Hat', 'EUR', 30, true);
-- Nobody has read anything yet.
DELETE FROM cache_invalidations;
