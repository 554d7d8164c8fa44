-- Answers of writes that a client may repeat (control API). Bodies hold no secret: those are left out before they come here.
CREATE TABLE idempotent_answer (
  org_id      TEXT COLLATE "C" NOT NULL,
  principal   TEXT COLLATE "C" NOT NULL,
  route       TEXT COLLATE "C" NOT NULL,
  key         TEXT COLLATE "C" NOT NULL,
  fingerprint TEXT NOT NULL,
  claimed_at  BIGINT NOT NULL,
  status      INTEGER,
  body        TEXT,
  PRIMARY KEY (org_id, principal, route, key),
  CHECK ((status IS NULL) = (body IS NULL))
);
