import type { CostQueryInput } from '../../api/queries.ts'

/** The question as JSON, a member per line. */
const bodyText = (question: CostQueryInput): string => `{\n${Object.entries(question).map(([name, value]) => `  ${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(',\n')}\n}`

/** A call for a POSIX shell; a quote in a value ends the quoted text, adds itself and begins it again. */
export function curlOf(question: CostQueryInput, origin: string): string {
  return `curl -sS ${origin}/api/v1/query \\
  -H "Authorization: Bearer $TOLLGATE_TOKEN" \\
  -H 'Content-Type: application/json' \\
  -d '${bodyText(question).replaceAll("'", `'\\''`)}'`
}
