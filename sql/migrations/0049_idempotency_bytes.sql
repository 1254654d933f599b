-- How much room an account's answers take: the quota is looked up in the index alone.
ALTER TABLE idempotency
    ADD COLUMN bytes BIGINT NOT NULL DEFAULT 0,
    DROP KEY idempotency_account,
    ADD KEY idempotency_account (account_id, bytes);
