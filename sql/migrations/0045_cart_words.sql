-- What a buyer says of a cart beside its lines. metadata: a JSON object of the client's own. notices: a
-- JSON array of what could not be kept when carts became one (lib/sales/cart_notice.h), until it was
-- shown.
ALTER TABLE cart
    ADD COLUMN email    VARBINARY(254) NULL,
    ADD COLUMN note     VARCHAR(1000)  NULL,
    ADD COLUMN metadata TEXT           NULL,
    ADD COLUMN notices  MEDIUMTEXT     NULL;
