/** Thrown when an invariant of ours is broken. Never an expected refusal: those are values. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** Stops at a broken invariant. `message` says what should have held. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}
