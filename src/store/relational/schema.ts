import type { Generated } from 'kysely'

/**
 * The tables as Kysely sees them; the truth is in migrations/*.sql. BIGINT arrives as a number (instants, counters, all
 * below 2^53), NUMERIC as a decimal string, JSONB parsed.
 */
export interface Schema {
  version_counter: { name: string; value: number }
  org_node: { org_id: string; id: string; parent_id: string | null; kind: string; name: string; cost_centre: string; archived: boolean }
  api_key: {
    org_id: string; id: string; app_id: string; name: string; sha256: string; hint: string; policy: unknown
    created_at: number; expires_at: number | null; revoked_at: number | null
  }
  app_user: { org_id: string; id: string; email: string; name: string; grants: unknown; disabled: boolean; password_hash: string | null }
  credential: {
    org_id: string; sha256: string; kind: string; user_id: string; name: string; csrf: string
    created_at: number; expires_at: number | null
  }
  audit_entry: {
    org_id: string; id: Generated<number>; at: number; actor_id: string; actor_name: string
    action: string; subject: string; detail: unknown
  }
  provider: {
    org_id: string; name: string; dialect: string; base_url: string; credential_header: string | null
    credential_sealed: Buffer | null; price_as: string; region: string; call_price: string | null; currency: string
    timeout_ms: number; retries_max: number; enabled: boolean; source: string
  }
  setting: { org_id: string; name: string; sealed: Buffer }
  price_entry: {
    org_id: string; id: string; feed: string; origin: string; fingerprint: string; book: string; rank: number
    provider: string; model: string; component: string; unit: string; per: number; amount: string; currency: string
    valid_from: number | null; valid_to: number | null; recorded_at: number; superseded_at: number | null
    status: string; source: string; conditions: unknown
  }
  price_feed: { org_id: string; feed: string; fingerprint: string }
  model_alias: {
    org_id: string; feed: string; position: number; provider: string; pattern: string; regex: boolean; model: string
    valid_from: number | null; valid_to: number | null
  }
  model_limits: {
    org_id: string; feed: string; position: number; provider: string; model: string
    context_tokens: number | null; output_tokens_max: number | null
  }
  budget_rule: {
    org_id: string; id: string; name: string; selector: unknown; per: unknown; measure: string; currency: string
    window_unit: string; window_zone: string; limit_quantity: string; hard: boolean; output_bound: string
    output_cap_default: number; unpriced: string; unbounded: string; deleted_at: number | null
  }
  budget_window: {
    org_id: string; rule_id: string; start_ms: number; tuple_key: string; tuple: string; end_ms: number
    limit_quantity: string; committed: string; leased: string
  }
  gateway_node: { id: string; name: string; sha256: string }
  journal: {
    journal_id: string; node_id: string; epoch: number; last_segment: number | null; last_block: number | null
    seen_at: number; batches: Generated<number>; rows: Generated<number>
  }
  lease: {
    org_id: string; lease_id: string; journal_id: string; epoch: number; rule_id: string; start_ms: number
    tuple_key: string; granted: string; granted_at: number
  }
  lease_account: {
    org_id: string; rule_id: string; start_ms: number; tuple_key: string; journal_id: string; epoch: number
    granted: string; settled: string; returned: string
  }
  batch: {
    journal_id: string; segment: number; block: number; rows: number; cost: string; checksum: string; received_at: number
  }
  quarantine: { journal_id: string; segment: number; block: number; position: number; reason: string; payload: Buffer }
  idempotent_write: {
    org_id: string; name: string; fingerprint: string; claimed_at: number; status: number | null; sealed_body: Buffer | null
  }
}
