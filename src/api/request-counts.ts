/** Requests by route and status, for /metrics. Routes are the contract's, so the label set is bounded. */
export class RequestCounts {
  readonly #counts = new Map<string, number>()
  readonly #startedMs = performance.now()
  #seconds = 0

  add(route: string, status: number, ms: number): void {
    const labels = `{route="${route}",status="${status}"}`
    this.#counts.set(labels, (this.#counts.get(labels) ?? 0) + 1)
    this.#seconds += ms / 1000
  }

  /** Prometheus text, without a closing line feed. */
  lines(version: string): string {
    return [
      '# TYPE tollgate_info gauge',
      `tollgate_info{version="${version.replaceAll(/["\\\n]/g, '')}"} 1`,
      '# TYPE tollgate_uptime_seconds gauge',
      `tollgate_uptime_seconds ${((performance.now() - this.#startedMs) / 1000).toFixed(1)}`,
      '# TYPE tollgate_resident_memory_bytes gauge',
      `tollgate_resident_memory_bytes ${process.memoryUsage.rss()}`,
      '# TYPE tollgate_api_seconds_total counter',
      `tollgate_api_seconds_total ${this.#seconds.toFixed(3)}`,
      '# TYPE tollgate_api_requests_total counter',
      ...[...this.#counts].map(([labels, count]) => `tollgate_api_requests_total${labels} ${count}`),
    ].join('\n')
  }
}
