-- The program's own id of the request, beside request_id, which the client may have chosen. NULL: a
-- command on the host, a job, or an older row.
ALTER TABLE audit_log ADD COLUMN server_request_id BINARY(16) NULL;
