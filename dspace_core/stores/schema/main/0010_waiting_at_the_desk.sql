-- What waits for a human at one authority: cases that were referred, corrections that were asked for.
-- Every other key of these tables starts with the subject, so that a person's rows lie together and nothing is found across
-- people by accident. These two start with the authority, because a member of staff asks what waits at his own and knows no
-- subject. They are partial: a row leaves them when it is decided, so they grow with the work that waits, not with people.
CREATE INDEX cases_referred ON cases (authority_id, number) WHERE state = 'referred';
CREATE INDEX correction_asked ON correction (authority_id, asked_at, evidence_id) WHERE state = 'asked';
