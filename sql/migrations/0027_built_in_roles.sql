-- The built-in roles. Bits as in lib/base/perm.h.
INSERT INTO role (name, permissions, built_in) VALUES
    ('owner', 16383, 1),
    ('manager', 16383 - 1024, 1),
    ('support', 1 | 8 | 16 | 32 | 64 | 128, 1),
    ('warehouse', 1 | 4 | 8 | 16, 1);
