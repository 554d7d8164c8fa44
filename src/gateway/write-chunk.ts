import type { ServerResponse } from 'node:http'

/** Hexadecimal length of a chunk, its line end and the one after its bytes, bytes at most. */
const framingBytesMax = 12

/**
 * Writes a piece of a streamed answer whose head is out. Node frames a chunk in four writes; a stream is mostly such
 * pieces, so theirs are framed here and leave in one. Where there is nothing to frame (HTTP/1.0) or the socket still
 * belongs to an earlier answer of a pipelining client, node does it. False when the client is behind: `onRoom` then
 * runs once it has caught up.
 */
export function writeChunk(response: ServerResponse, chunk: Buffer, onRoom: () => void): boolean {
  const { socket } = response
  if (!response.chunkedEncoding || socket === null || chunk.length === 0) return response.write(chunk)
  const framed = Buffer.allocUnsafe(chunk.length + framingBytesMax)
  let end = framed.write(`${chunk.length.toString(16)}\r\n`, 'latin1')
  end += chunk.copy(framed, end)
  framed[end] = 0x0d
  framed[end + 1] = 0x0a
  if (socket.write(framed.subarray(0, end + 2))) return true
  socket.once('drain', onRoom)
  return false
}
