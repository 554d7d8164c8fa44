-- Answers of writes by Idempotency-Key. `name` is a digest of (principal, route, key): clients choose the key's length.
-- An answer may hold a new key's secret, so its body is sealed.
CREATE TABLE idempotent_write (
  org_id      TEXT COLLATE "C" NOT NULL,
  name        TEXT COLLATE "C" NOT NULL,
  fingerprint TEXT NOT NULL,
  claimed_at  BIGINT NOT NULL,
  status      BIGINT,
  sealed_body BYTEA,
  PRIMARY KEY (org_id, name),
  CHECK ((status IS NULL) = (sealed_body IS NULL))
);
CREATE INDEX idempotent_write_age ON idempotent_write (org_id, claimed_at);
