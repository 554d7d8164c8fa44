/**
 * How a plane's process ends. Under a supervisor the terminal's Ctrl-C reaches every process of the group, so a
 * child waits for the supervisor's word (SIGTERM) and treats a lost supervisor as that word.
 */
export function untilTold(): Promise<string> {
  return new Promise((resolve) => {
    const supervised = process.send !== undefined
    process.on('SIGTERM', () => resolve('SIGTERM'))
    process.on('SIGINT', () => { if (!supervised) resolve('SIGINT') })
    if (supervised) process.on('disconnect', () => resolve('the supervisor is gone'))
  })
}

/** Tells the supervisor, if there is one, that this plane serves. */
export function sayReady(facts: object): void {
  process.send?.({ ready: true, ...facts })
}
