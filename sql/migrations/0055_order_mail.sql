-- 1: nobody paid the order, and the address that it names has had its share of mail; its confirmation is
-- not mailed.
ALTER TABLE orders ADD COLUMN mail_refused TINYINT NOT NULL DEFAULT 0;
