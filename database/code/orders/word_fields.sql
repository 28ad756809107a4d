-- The fields of order_word_sources.
CREATE OR REPLACE FUNCTION order_word_fields() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN '{number,number_end,sku,tracking,invoice,transaction,payment,phone,name}'::text[];
