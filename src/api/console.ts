import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import staticFiles from '@fastify/static'
import type { FastifyInstance, FastifyReply } from 'fastify'

/** Paths that are never the console's, so that a mistyped API call is not answered with a page. */
const otherPaths = /^\/(api|sync|otlp|ingest|openmeter|metrics|healthz|readyz)(\/|$)/

/**
 * Serves the built console. Files with a hash in their name never change and are cached for a year; the page itself is
 * asked for each time. A file with a .br or .gz beside it goes out so where the browser takes that. Any other path is a place inside the console and gets the page.
 */
export async function registerConsole(app: FastifyInstance, dir: string): Promise<void> {
  const page = await readFile(join(dir, 'index.html'), 'utf8')
  const policy = contentPolicy(page)
  const sendPage = (reply: FastifyReply): FastifyReply =>
    reply.header('content-security-policy', policy).header('cache-control', 'no-cache').type('text/html; charset=utf-8').send(page)
  await app.register(async (scope) => {
    await scope.register(staticFiles, { root: dir, serve: false, cacheControl: false, etag: true, lastModified: false, preCompressed: true })
    scope.get('/*', async (request, reply) => {
      const path = request.url.split('?', 1)[0] ?? '/'
      if (otherPaths.test(path)) return reply.callNotFound()
      const file = fileOf(path)
      if (file === null) return sendPage(reply)
      const hashed = file.startsWith('assets/')
      return reply.header('content-security-policy', policy).header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache').header('vary', 'accept-encoding').sendFile(file)
    })
  })
}

/** A path with a file ending names a file; everything else is a place inside the console. */
function fileOf(path: string): string | null {
  return /^\/[\w./-]+\.[a-z0-9]{1,12}$/i.test(path) && path !== '/index.html' ? path.slice(1) : null
}

/**
 * Scripts from us only; inline ones of the built page are named by their hash. Styles may stand in attributes, because
 * charts position their parts so; no page of another site may frame this one or be sent its forms.
 */
function contentPolicy(page: string): string {
  const hashes = [...page.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)]
    .map((match) => `'sha256-${createHash('sha256').update(match[1] ?? '').digest('base64')}'`)
  return [
    "default-src 'none'", ['script-src', "'self'", ...hashes].join(' '), "style-src 'self' 'unsafe-inline'", "img-src 'self' data:", "font-src 'self'",
    "connect-src 'self'", "manifest-src 'self'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
  ].join('; ')
}
