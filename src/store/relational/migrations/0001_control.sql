-- The control plane's tables. org_id leads every primary key and index of what an organisation owns; the exceptions are
-- listed with their reasons in schema.test.ts, which fails when a new table forgets it.
-- Instants are BIGINT milliseconds UTC. Money is NUMERIC(38,15). Budget quantities are whole units of the rule's measure
-- (1e-15 currency units for cost), which overflow int8, so they are NUMERIC(38,0).
-- Text that only machines compare is COLLATE "C": one order in every locale, and row locks are taken in that order.

CREATE TABLE version_counter (
  name  TEXT COLLATE "C" PRIMARY KEY,
  value BIGINT NOT NULL
);
INSERT INTO version_counter (name, value) VALUES ('snapshot', 1), ('rules', 1);

CREATE TABLE org_node (
  org_id      TEXT COLLATE "C" NOT NULL,
  id          TEXT COLLATE "C" NOT NULL,
  parent_id   TEXT COLLATE "C",
  kind        TEXT NOT NULL CHECK (kind IN ('org', 'unit', 'team', 'app')),
  name        TEXT NOT NULL,
  cost_centre TEXT NOT NULL,
  archived    BOOLEAN NOT NULL,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, parent_id) REFERENCES org_node (org_id, id)
);

CREATE TABLE api_key (
  org_id     TEXT COLLATE "C" NOT NULL,
  id         TEXT COLLATE "C" NOT NULL,
  app_id     TEXT COLLATE "C" NOT NULL,
  name       TEXT NOT NULL,
  sha256     TEXT COLLATE "C" NOT NULL,
  hint       TEXT NOT NULL,
  policy     JSONB NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  revoked_at BIGINT,
  PRIMARY KEY (org_id, id),
  FOREIGN KEY (org_id, app_id) REFERENCES org_node (org_id, id)
);
CREATE UNIQUE INDEX api_key_sha256 ON api_key (sha256);

CREATE TABLE app_user (
  org_id        TEXT COLLATE "C" NOT NULL,
  id            TEXT COLLATE "C" NOT NULL,
  email         TEXT NOT NULL,
  name          TEXT NOT NULL,
  grants        JSONB NOT NULL,
  disabled      BOOLEAN NOT NULL,
  password_hash TEXT,
  PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX app_user_email ON app_user (lower(email));

CREATE TABLE credential (
  org_id     TEXT COLLATE "C" NOT NULL,
  sha256     TEXT COLLATE "C" NOT NULL,
  kind       TEXT NOT NULL CHECK (kind IN ('session', 'token', 'one_time')),
  user_id    TEXT COLLATE "C" NOT NULL,
  name       TEXT NOT NULL,
  csrf       TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  PRIMARY KEY (org_id, sha256)
);
CREATE UNIQUE INDEX credential_sha256 ON credential (sha256);
CREATE INDEX credential_user ON credential (org_id, user_id, created_at);

CREATE TABLE audit_entry (
  org_id     TEXT COLLATE "C" NOT NULL,
  id         BIGINT GENERATED ALWAYS AS IDENTITY,
  at         BIGINT NOT NULL,
  actor_id   TEXT NOT NULL,
  actor_name TEXT NOT NULL,
  action     TEXT NOT NULL,
  subject    TEXT NOT NULL,
  detail     JSONB NOT NULL,
  PRIMARY KEY (org_id, id)
);

CREATE TABLE provider (
  org_id            TEXT COLLATE "C" NOT NULL,
  name              TEXT COLLATE "C" NOT NULL,
  dialect           TEXT NOT NULL,
  base_url          TEXT NOT NULL,
  credential_header TEXT,
  credential_sealed BYTEA,
  price_as          TEXT NOT NULL,
  region            TEXT NOT NULL,
  call_price        TEXT,
  currency          TEXT NOT NULL,
  timeout_ms        BIGINT NOT NULL,
  retries_max       BIGINT NOT NULL,
  enabled           BOOLEAN NOT NULL,
  source            TEXT NOT NULL CHECK (source IN ('env', 'file', 'api')),
  PRIMARY KEY (org_id, name),
  CHECK ((credential_header IS NULL) = (credential_sealed IS NULL)),
  CHECK (source <> 'env' OR credential_sealed IS NULL)
);

CREATE TABLE setting (
  org_id TEXT COLLATE "C" NOT NULL,
  name   TEXT COLLATE "C" NOT NULL,
  sealed BYTEA NOT NULL,
  PRIMARY KEY (org_id, name)
);

-- Prices: org_id '' belongs to every organisation. `origin` is the entry's id in its feed; `id` is that of one version of it.
CREATE TABLE price_entry (
  org_id        TEXT COLLATE "C" NOT NULL,
  id            TEXT COLLATE "C" NOT NULL,
  feed          TEXT COLLATE "C" NOT NULL,
  origin        TEXT COLLATE "C" NOT NULL,
  fingerprint   TEXT COLLATE "C" NOT NULL,
  book          TEXT NOT NULL CHECK (book IN ('list', 'contract', 'markup')),
  rank          BIGINT NOT NULL,
  provider      TEXT COLLATE "C" NOT NULL,
  model         TEXT COLLATE "C" NOT NULL,
  component     TEXT NOT NULL,
  unit          TEXT NOT NULL,
  per           BIGINT NOT NULL CHECK (per > 0),
  amount        NUMERIC(38,15) NOT NULL,
  currency      TEXT NOT NULL,
  valid_from    BIGINT,
  valid_to      BIGINT,
  recorded_at   BIGINT NOT NULL,
  superseded_at BIGINT,
  status        TEXT NOT NULL,
  source        TEXT NOT NULL,
  conditions    JSONB NOT NULL,
  PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX price_entry_live ON price_entry (org_id, feed, origin) WHERE superseded_at IS NULL;
CREATE INDEX price_entry_model ON price_entry (org_id, provider, model);

CREATE TABLE price_feed (
  org_id      TEXT COLLATE "C" NOT NULL,
  feed        TEXT COLLATE "C" NOT NULL,
  fingerprint TEXT NOT NULL,
  PRIMARY KEY (org_id, feed)
);

CREATE TABLE model_alias (
  org_id     TEXT COLLATE "C" NOT NULL,
  feed       TEXT COLLATE "C" NOT NULL,
  position   BIGINT NOT NULL,
  provider   TEXT NOT NULL,
  pattern    TEXT NOT NULL,
  regex      BOOLEAN NOT NULL,
  model      TEXT NOT NULL,
  valid_from BIGINT,
  valid_to   BIGINT,
  PRIMARY KEY (org_id, feed, position)
);

CREATE TABLE model_limits (
  org_id            TEXT COLLATE "C" NOT NULL,
  feed              TEXT COLLATE "C" NOT NULL,
  position          BIGINT NOT NULL,
  provider          TEXT NOT NULL,
  model             TEXT NOT NULL,
  context_tokens    BIGINT,
  output_tokens_max BIGINT,
  PRIMARY KEY (org_id, feed, position)
);

CREATE TABLE budget_rule (
  org_id             TEXT COLLATE "C" NOT NULL,
  id                 TEXT COLLATE "C" NOT NULL,
  name               TEXT NOT NULL,
  selector           JSONB NOT NULL,
  per                JSONB NOT NULL,
  measure            TEXT NOT NULL,
  currency           TEXT NOT NULL,
  window_unit        TEXT NOT NULL,
  window_zone        TEXT NOT NULL,
  limit_quantity     NUMERIC(38,0) NOT NULL,
  hard               BOOLEAN NOT NULL,
  output_bound       TEXT NOT NULL,
  output_cap_default BIGINT NOT NULL,
  unpriced           TEXT NOT NULL,
  unbounded          TEXT NOT NULL,
  deleted_at         BIGINT,
  PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX budget_rule_id ON budget_rule (id);

-- One window instance: the authority. `tuple_key` is the tuple, or its digest where it is too long for an index.
-- No foreign key to the rule: rules are never deleted and a window is only made from one, while the key's check would lock the
-- rule after the window, against the order of locks.
CREATE TABLE budget_window (
  org_id         TEXT COLLATE "C" NOT NULL,
  rule_id        TEXT COLLATE "C" NOT NULL,
  start_ms       BIGINT NOT NULL,
  tuple_key      TEXT COLLATE "C" NOT NULL,
  tuple          TEXT NOT NULL,
  end_ms         BIGINT NOT NULL,
  limit_quantity NUMERIC(38,0) NOT NULL,
  committed      NUMERIC(38,0) NOT NULL,
  leased         NUMERIC(38,0) NOT NULL CHECK (leased >= 0),
  PRIMARY KEY (org_id, rule_id, start_ms, tuple_key)
) WITH (fillfactor = 70);
CREATE INDEX budget_window_end ON budget_window (org_id, rule_id, end_ms);

CREATE TABLE gateway_node (
  id     TEXT COLLATE "C" PRIMARY KEY,
  name   TEXT NOT NULL,
  sha256 TEXT COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE journal (
  journal_id   TEXT COLLATE "C" PRIMARY KEY,
  node_id      TEXT COLLATE "C" NOT NULL REFERENCES gateway_node (id),
  epoch        BIGINT NOT NULL,
  last_segment BIGINT,
  last_block   BIGINT,
  seen_at      BIGINT NOT NULL,
  batches      BIGINT NOT NULL DEFAULT 0,
  rows         BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Leases are facts and only appended; an account is their projection, less what the journal settled and gave back.
CREATE TABLE lease (
  org_id     TEXT COLLATE "C" NOT NULL,
  lease_id   TEXT COLLATE "C" NOT NULL,
  journal_id TEXT COLLATE "C" NOT NULL,
  epoch      BIGINT NOT NULL,
  rule_id    TEXT COLLATE "C" NOT NULL,
  start_ms   BIGINT NOT NULL,
  tuple_key  TEXT COLLATE "C" NOT NULL,
  granted    NUMERIC(38,0) NOT NULL CHECK (granted > 0),
  granted_at BIGINT NOT NULL,
  PRIMARY KEY (org_id, lease_id)
);

CREATE TABLE lease_account (
  org_id     TEXT COLLATE "C" NOT NULL,
  rule_id    TEXT COLLATE "C" NOT NULL,
  start_ms   BIGINT NOT NULL,
  tuple_key  TEXT COLLATE "C" NOT NULL,
  journal_id TEXT COLLATE "C" NOT NULL,
  epoch      BIGINT NOT NULL,
  granted    NUMERIC(38,0) NOT NULL,
  settled    NUMERIC(38,0) NOT NULL CHECK (settled >= 0),
  returned   NUMERIC(38,0) NOT NULL CHECK (returned >= 0),
  PRIMARY KEY (org_id, rule_id, start_ms, tuple_key, journal_id, epoch),
  CHECK (settled + returned <= granted)
) WITH (fillfactor = 70);
CREATE INDEX lease_account_open ON lease_account (journal_id, epoch) WHERE settled + returned < granted;

CREATE TABLE batch (
  journal_id  TEXT COLLATE "C" NOT NULL REFERENCES journal (journal_id),
  segment     BIGINT NOT NULL,
  block       BIGINT NOT NULL,
  rows        BIGINT NOT NULL,
  cost        NUMERIC(38,15) NOT NULL,
  checksum    TEXT NOT NULL,
  received_at BIGINT NOT NULL,
  PRIMARY KEY (journal_id, segment, block)
);

CREATE TABLE quarantine (
  journal_id TEXT COLLATE "C" NOT NULL,
  segment    BIGINT NOT NULL,
  block      BIGINT NOT NULL,
  position   BIGINT NOT NULL,
  reason     TEXT NOT NULL,
  payload    BYTEA NOT NULL,
  PRIMARY KEY (journal_id, segment, block, position)
);
