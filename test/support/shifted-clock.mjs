// Preloaded into a plane under test: the wall clock runs off by as many milliseconds as a file says; the monotonic
// clock is left alone, as it is when a person or NTP sets a machine's time.
import { readFileSync } from 'node:fs'

const path = process.env.TOLLGATE_TEST_CLOCK_FILE
const RealDate = Date
let shiftMs = 0
const read = () => {
  try {
    shiftMs = Number(readFileSync(path, 'utf8')) || 0
  } catch {
    shiftMs = 0
  }
}
read()
setInterval(read, 20).unref()

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + shiftMs)
    else super(...parts)
  }
  static now() {
    return RealDate.now() + shiftMs
  }
}
