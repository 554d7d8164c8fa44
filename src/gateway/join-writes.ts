import type { Socket } from 'node:net'

/** Up to this many bytes are copied together: below it a copy costs less than a vectored write, bytes. */
const joinedBytesMax = 16 * 1024

interface Piece {
  readonly chunk: string | Buffer
  readonly encoding: BufferEncoding
}
type Written = (error?: Error | null) => void

/**
 * Makes pieces that wait together (a head and its body, a chunk and its framing) leave a socket as one buffer. Node
 * hands them to a vectored write, which costs more than the copy when they are small, and HTTP makes many small ones.
 */
export function joinWrites(socket: Socket): void {
  const writeApart = socket._writev!.bind(socket) as unknown as (pieces: readonly Piece[], done: Written) => void
  socket._writev = (pieces: readonly Piece[], done: Written): void => {
    let bytes = 0
    for (const { chunk, encoding } of pieces) bytes += typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length
    if (bytes > joinedBytesMax) return writeApart(pieces, done)
    const joined = Buffer.allocUnsafe(bytes)
    let end = 0
    for (const { chunk, encoding } of pieces) {
      if (typeof chunk === 'string') end += joined.write(chunk, end, encoding)
      else end += chunk.copy(joined, end)
    }
    socket._write(joined, 'buffer' as BufferEncoding, done)
  }
}
