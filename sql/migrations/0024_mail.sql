-- Mail to send, queued with the change that asks for it. state: 0 queued, 1 sent, 2 given up. A sender
-- claims a row by its lease. sealed holds recipient and values until the mail is done; recipient_hash, an
-- HMAC under the server's key, finds what is addressed to somebody (lib/shop/mail.h), account_id what is for
-- somebody whose address may have changed since; none: somebody without an account.
-- failure: why the last try failed, as a code and never an address.
CREATE TABLE mail (
    id          BINARY(16)     NOT NULL PRIMARY KEY,
    account_id  BINARY(16)     NULL,
    recipient_hash BINARY(32)  NOT NULL,
    template    VARCHAR(64)    NOT NULL,
    locale      VARCHAR(35)    NOT NULL,
    sealed      VARBINARY(5000) NULL,
    state       TINYINT        NOT NULL DEFAULT 0,
    attempts    BIGINT         NOT NULL DEFAULT 0,
    next_at     DATETIME(3)    NOT NULL,
    lease_owner BINARY(16)     NULL,
    lease_until DATETIME(3)    NULL,
    failure     VARCHAR(100)   NULL,
    created_at  DATETIME(3)    NOT NULL,
    sent_at     DATETIME(3)    NULL,
    KEY mail_account (account_id),
    KEY mail_recipient (recipient_hash),
    KEY mail_due (state, next_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
