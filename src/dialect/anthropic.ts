import type { Dialect } from './dialect.ts'
import { opaqueHttpDialect } from './opaque-http.ts'

/** No endpoint is metered yet, so none is served. */
export const anthropicDialect: Dialect = { ...opaqueHttpDialect, id: 'anthropic', endpoint: () => null }
