SELECT * FROM refund_list($1::uuid, $2::uuid)
