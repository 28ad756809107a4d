-- What a guest may see of the order that a token opens. $1 text the token's HMAC in hexadecimal digits. No row: no such token, or not any
-- more. body text: the JSON to send.
SELECT body FROM guest_order(decode($1::text, 'hex'))
