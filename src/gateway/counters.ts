/** What a gateway counts of itself, for /metrics. */
export class GatewayCounters {
  calls = 0
  attempts = 0
  retries = 0
  refusals = 0
  unidentified = 0
  boundBreaches = 0
  uncertain = 0
  clientsGone = 0
  inFlight = 0
  bodyBytesHeld = 0

  /** Prometheus text format 0.0.4. */
  text(gauges: Readonly<Record<string, number>>): string {
    const lines: string[] = []
    const put = (name: string, type: 'counter' | 'gauge', value: number): void => { lines.push(`# TYPE tollgate_gateway_${name} ${type}`, `tollgate_gateway_${name} ${value}`) }
    put('calls_total', 'counter', this.calls)
    put('attempts_total', 'counter', this.attempts)
    put('retries_total', 'counter', this.retries)
    put('refusals_total', 'counter', this.refusals)
    put('unidentified_total', 'counter', this.unidentified)
    put('bound_breaches_total', 'counter', this.boundBreaches)
    put('uncertain_total', 'counter', this.uncertain)
    put('clients_gone_total', 'counter', this.clientsGone)
    put('calls_in_flight', 'gauge', this.inFlight)
    put('body_bytes_held', 'gauge', this.bodyBytesHeld)
    for (const [name, value] of Object.entries(gauges)) put(name, 'gauge', value)
    return `${lines.join('\n')}\n`
  }
}
