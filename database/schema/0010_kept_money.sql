-- An object at a provider (a payment, an authorization, a refund, a dispute) stays with its order
-- for as long as there is one: an order with objects can be hidden, and can't be deleted. Until now
-- it could, and then the provider's next event found no order for its money.
ALTER TABLE payment_objects DROP CONSTRAINT payment_objects_order_id_fkey,
    ADD CONSTRAINT payment_objects_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders;
