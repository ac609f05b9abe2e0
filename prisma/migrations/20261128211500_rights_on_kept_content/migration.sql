-- A tenant's people may take away what is kept of its conversations, with the proof, and see what is known of a person and what it
-- is judged by.
INSERT INTO "tenant_role_right" VALUES
    ('moderation_policy', 'SELECT'),
    ('moderation_action', 'SELECT'),
    ('refused_end_user', 'SELECT'),
    ('moderation_content', 'UPDATE'),
    ('moderation_content_key', 'INSERT, UPDATE'),
    ('moderation_erasure', 'SELECT, INSERT')
ON CONFLICT DO NOTHING;
SELECT protect_tenant_rows();
