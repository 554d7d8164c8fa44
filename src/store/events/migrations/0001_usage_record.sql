-- Usage records: append-only, one row per attempt, refusal, cache hit, ingested fact or adjustment.
-- The sort key makes a repeated event id replace itself under FINAL; the deduplication window makes a repeated batch vanish.
CREATE TABLE IF NOT EXISTS usage_record {{on_cluster}} (
  org_id LowCardinality(String),
  at DateTime64(3, 'UTC'),
  hour DateTime('UTC') MATERIALIZED toStartOfHour(at),
  event_id UUID,
  call_id UUID,
  kind LowCardinality(String),
  is_call UInt8,
  corrects String,
  occurred_at DateTime64(3, 'UTC'),
  first_byte_at DateTime64(3, 'UTC'),
  end_at DateTime64(3, 'UTC'),
  recorded_at DateTime64(3, 'UTC'),
  batch_id LowCardinality(String),
  journal_id LowCardinality(String) MATERIALIZED substringIndex(batch_id, ':', 1),
  segment UInt64 MATERIALIZED toUInt64OrZero(splitByChar(':', batch_id)[2]),
  block UInt64 MATERIALIZED toUInt64OrZero(splitByChar(':', batch_id)[3]),
  org_name String,
  unit_id LowCardinality(String),
  unit_name String,
  team_id LowCardinality(String),
  team_name String,
  app_id LowCardinality(String),
  app_name String,
  key_id LowCardinality(String),
  key_name String,
  cost_centre LowCardinality(String),
  node_path Array(LowCardinality(String)),
  end_user String,
  agent String,
  workflow String,
  run String,
  parent_run String,
  step String,
  session String,
  tags Map(String, String),
  attribution_rule String,
  provider LowCardinality(String),
  route String,
  host String,
  region String,
  requested_model String,
  served_model String,
  model String MATERIALIZED if(served_model = '', requested_model, served_model),
  endpoint String,
  tier String,
  stream UInt8,
  attempt Int64,
  fallback_of String,
  upstream_request_id String,
  usage Map(LowCardinality(String), Int64),
  input_tokens Int64,
  output_tokens Int64,
  cache_read_tokens Int64,
  cache_write_tokens Int64,
  reasoning_tokens Int64,
  quality LowCardinality(String),
  pricing LowCardinality(String),
  lines String CODEC(ZSTD(3)),
  cost Nullable(Decimal(38, 15)),
  list_cost Nullable(Decimal(38, 15)),
  currency LowCardinality(String),
  stated_cost String,
  bound Nullable(Decimal(38, 15)),
  price_version LowCardinality(String),
  status Int64,
  upstream_status Int64,
  error_class LowCardinality(String),
  error_code LowCardinality(String),
  request_bytes Int64,
  response_bytes Int64,
  request_hash String,
  prefix_hash String,
  raw_usage String CODEC(ZSTD(3)),
  unknown_usage_keys String,
  notices Array(String),
  INDEX by_event event_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_call call_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_run run TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = {{replicated}}ReplacingMergeTree(recorded_at)
PARTITION BY toYYYYMM(hour)
ORDER BY (org_id, hour, team_id, app_id, event_id)
SETTINGS {{dedup_window}};

-- Rollups carry every dimension that configuration or the provider bounds; user, run and session stay in raw rows.
-- Money is summed per currency with the number of priced rows beside it, so that "nothing priced" and zero stay apart.
CREATE TABLE IF NOT EXISTS usage_hourly {{on_cluster}} (
  org_id LowCardinality(String),
  hour DateTime('UTC'),
  team_id LowCardinality(String),
  app_id LowCardinality(String),
  key_id LowCardinality(String),
  unit_id LowCardinality(String),
  cost_centre LowCardinality(String),
  node_path Array(LowCardinality(String)),
  provider LowCardinality(String),
  model String,
  requested_model String,
  endpoint String,
  tier String,
  kind LowCardinality(String),
  quality LowCardinality(String),
  pricing LowCardinality(String),
  error_class LowCardinality(String),
  agent String,
  workflow String,
  currency LowCardinality(String),
  rows Int64,
  calls Int64,
  attempts Int64,
  errors Int64,
  refusals Int64,
  input_tokens Int64,
  output_tokens Int64,
  cache_read_tokens Int64,
  cache_write_tokens Int64,
  reasoning_tokens Int64,
  cost Decimal(38, 15),
  cost_rows Int64,
  list_cost Decimal(38, 15),
  list_cost_rows Int64,
  uncertain_cost Decimal(38, 15),
  unpriced_calls Int64,
  latency_ms Int64,
  latency_rows Int64,
  first_byte_ms Int64,
  first_byte_rows Int64
)
ENGINE = {{replicated}}SummingMergeTree
PARTITION BY toYYYYMM(hour)
PRIMARY KEY (org_id, hour, team_id, app_id)
ORDER BY (org_id, hour, team_id, app_id, key_id, unit_id, cost_centre, node_path, provider, model, requested_model, endpoint, tier, kind, quality, pricing, error_class, agent, workflow, currency)
SETTINGS {{dedup_window}};

CREATE TABLE IF NOT EXISTS usage_daily {{on_cluster}} (
  org_id LowCardinality(String),
  day DateTime('UTC'),
  team_id LowCardinality(String),
  app_id LowCardinality(String),
  key_id LowCardinality(String),
  unit_id LowCardinality(String),
  cost_centre LowCardinality(String),
  node_path Array(LowCardinality(String)),
  provider LowCardinality(String),
  model String,
  requested_model String,
  endpoint String,
  tier String,
  kind LowCardinality(String),
  quality LowCardinality(String),
  pricing LowCardinality(String),
  error_class LowCardinality(String),
  agent String,
  workflow String,
  currency LowCardinality(String),
  rows Int64,
  calls Int64,
  attempts Int64,
  errors Int64,
  refusals Int64,
  input_tokens Int64,
  output_tokens Int64,
  cache_read_tokens Int64,
  cache_write_tokens Int64,
  reasoning_tokens Int64,
  cost Decimal(38, 15),
  cost_rows Int64,
  list_cost Decimal(38, 15),
  list_cost_rows Int64,
  uncertain_cost Decimal(38, 15),
  unpriced_calls Int64,
  latency_ms Int64,
  latency_rows Int64,
  first_byte_ms Int64,
  first_byte_rows Int64
)
ENGINE = {{replicated}}SummingMergeTree
PARTITION BY toYYYYMM(day)
PRIMARY KEY (org_id, day, team_id, app_id)
ORDER BY (org_id, day, team_id, app_id, key_id, unit_id, cost_centre, node_path, provider, model, requested_model, endpoint, tier, kind, quality, pricing, error_class, agent, workflow, currency)
SETTINGS {{dedup_window}};

-- The latest name of each id a caller path carries; a maximum, so that repeating a batch changes nothing.
CREATE TABLE IF NOT EXISTS caller_name {{on_cluster}} (
  org_id LowCardinality(String),
  dimension LowCardinality(String),
  id String,
  latest SimpleAggregateFunction(max, Tuple(at DateTime64(3, 'UTC'), event_id String, name String))
)
ENGINE = {{replicated}}AggregatingMergeTree
ORDER BY (org_id, dimension, id);

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_hourly_feed {{on_cluster}} TO usage_hourly AS
SELECT
  org_id,
  hour,
  team_id, app_id, key_id, unit_id, cost_centre, node_path, provider, model, requested_model, endpoint, tier, kind, quality, pricing, error_class, agent, workflow, currency,
  toInt64(count()) AS rows,
  sum(toInt64(is_call)) AS calls,
  sum(toInt64(kind = 'attempt')) AS attempts,
  sum(toInt64(kind IN ('attempt', 'cache_hit', 'ingested') AND error_class != '')) AS errors,
  sum(toInt64(kind = 'refusal')) AS refusals,
  sum(r.input_tokens) AS input_tokens,
  sum(r.output_tokens) AS output_tokens,
  sum(r.cache_read_tokens) AS cache_read_tokens,
  sum(r.cache_write_tokens) AS cache_write_tokens,
  sum(r.reasoning_tokens) AS reasoning_tokens,
  sum(ifNull(r.cost, toDecimal128(0, 15))) AS cost,
  sum(toInt64(isNotNull(r.cost))) AS cost_rows,
  sum(ifNull(r.list_cost, toDecimal128(0, 15))) AS list_cost,
  sum(toInt64(isNotNull(r.list_cost))) AS list_cost_rows,
  sum(if(r.quality = 'uncertain', ifNull(r.cost, toDecimal128(0, 15)), toDecimal128(0, 15))) AS uncertain_cost,
  sum(toInt64(is_call AND r.pricing IN ('unpriced', 'partial'))) AS unpriced_calls,
  sum(if(kind IN ('attempt', 'cache_hit', 'ingested') AND end_at >= occurred_at, toUnixTimestamp64Milli(end_at) - toUnixTimestamp64Milli(occurred_at), 0)) AS latency_ms,
  sum(toInt64(kind IN ('attempt', 'cache_hit', 'ingested') AND end_at >= occurred_at)) AS latency_rows,
  sum(if(kind IN ('attempt', 'cache_hit', 'ingested') AND first_byte_at >= occurred_at, toUnixTimestamp64Milli(first_byte_at) - toUnixTimestamp64Milli(occurred_at), 0)) AS first_byte_ms,
  sum(toInt64(kind IN ('attempt', 'cache_hit', 'ingested') AND first_byte_at >= occurred_at)) AS first_byte_rows
FROM usage_record AS r
GROUP BY org_id, hour, team_id, app_id, key_id, unit_id, cost_centre, node_path, provider, model, requested_model, endpoint, tier, kind, quality, pricing, error_class, agent, workflow, currency;

CREATE MATERIALIZED VIEW IF NOT EXISTS usage_daily_feed {{on_cluster}} TO usage_daily AS
SELECT
  org_id,
  toStartOfDay(hour) AS day,
  team_id, app_id, key_id, unit_id, cost_centre, node_path, provider, model, requested_model, endpoint, tier, kind, quality, pricing, error_class, agent, workflow, currency,
  toInt64(count()) AS rows,
  sum(toInt64(is_call)) AS calls,
  sum(toInt64(kind = 'attempt')) AS attempts,
  sum(toInt64(kind IN ('attempt', 'cache_hit', 'ingested') AND error_class != '')) AS errors,
  sum(toInt64(kind = 'refusal')) AS refusals,
  sum(r.input_tokens) AS input_tokens,
  sum(r.output_tokens) AS output_tokens,
  sum(r.cache_read_tokens) AS cache_read_tokens,
  sum(r.cache_write_tokens) AS cache_write_tokens,
  sum(r.reasoning_tokens) AS reasoning_tokens,
  sum(ifNull(r.cost, toDecimal128(0, 15))) AS cost,
  sum(toInt64(isNotNull(r.cost))) AS cost_rows,
  sum(ifNull(r.list_cost, toDecimal128(0, 15))) AS list_cost,
  sum(toInt64(isNotNull(r.list_cost))) AS list_cost_rows,
  sum(if(r.quality = 'uncertain', ifNull(r.cost, toDecimal128(0, 15)), toDecimal128(0, 15))) AS uncertain_cost,
  sum(toInt64(is_call AND r.pricing IN ('unpriced', 'partial'))) AS unpriced_calls,
  sum(if(kind IN ('attempt', 'cache_hit', 'ingested') AND end_at >= occurred_at, toUnixTimestamp64Milli(end_at) - toUnixTimestamp64Milli(occurred_at), 0)) AS latency_ms,
  sum(toInt64(kind IN ('attempt', 'cache_hit', 'ingested') AND end_at >= occurred_at)) AS latency_rows,
  sum(if(kind IN ('attempt', 'cache_hit', 'ingested') AND first_byte_at >= occurred_at, toUnixTimestamp64Milli(first_byte_at) - toUnixTimestamp64Milli(occurred_at), 0)) AS first_byte_ms,
  sum(toInt64(kind IN ('attempt', 'cache_hit', 'ingested') AND first_byte_at >= occurred_at)) AS first_byte_rows
FROM usage_record AS r
GROUP BY org_id, day, team_id, app_id, key_id, unit_id, cost_centre, node_path, provider, model, requested_model, endpoint, tier, kind, quality, pricing, error_class, agent, workflow, currency;

CREATE MATERIALIZED VIEW IF NOT EXISTS caller_name_feed {{on_cluster}} TO caller_name AS
SELECT org_id, member.1 AS dimension, member.2 AS id, max(tuple(at, toString(event_id), member.3)) AS latest
FROM usage_record
ARRAY JOIN [('unit', toString(unit_id), unit_name), ('team', toString(team_id), team_name), ('app', toString(app_id), app_name), ('key', toString(key_id), key_name)] AS member
WHERE member.2 != ''
GROUP BY org_id, dimension, id;
