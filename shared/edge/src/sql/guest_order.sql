SELECT * FROM guest_order($1::text)
