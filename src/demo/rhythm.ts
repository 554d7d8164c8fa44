import { DateTime } from 'luxon'
import { companyZone, type Rhythm } from './company.ts'

/** Share of a day's calls per local hour, in thousandths. */
const curves: Readonly<Record<Rhythm, readonly number[]>> = {
  office: [2, 1, 1, 1, 1, 3, 12, 40, 84, 106, 110, 98, 70, 88, 104, 100, 82, 48, 20, 10, 8, 6, 4, 3],
  customers: [14, 8, 5, 4, 4, 6, 14, 28, 38, 46, 50, 52, 54, 50, 48, 50, 54, 62, 76, 92, 98, 80, 48, 26],
  nightly: [90, 180, 220, 190, 120, 60, 20, 8, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 10, 22],
  always: [28, 26, 24, 24, 26, 30, 38, 46, 54, 58, 58, 54, 50, 52, 54, 54, 50, 46, 42, 40, 38, 36, 36, 36],
}
const weekend: Readonly<Record<Rhythm, number>> = { office: 0.09, customers: 1.22, nightly: 0.9, always: 0.72 }
/** Monday to Friday are not alike either. */
const weekdays = [1.06, 1.1, 1.04, 0.99, 0.81]

/** An hour of the company's own clock; zone arithmetic costs more than a call, and forty apps ask for the same hour. */
export interface LocalHour { readonly weekday: number; readonly hour: number }
export function localHour(hourStartMs: number): LocalHour {
  const { weekday, hour } = DateTime.fromMillis(hourStartMs, { zone: companyZone })
  return { weekday, hour }
}

/** Share of an ordinary weekday's calls that fall into the hour. */
export function shareOfDay(rhythm: Rhythm, { weekday, hour }: LocalHour): number {
  const day = weekday <= 5 ? (rhythm === 'customers' ? 1 : weekdays[weekday - 1]!) : weekend[rhythm]
  return (curves[rhythm][hour]! / 1000) * day
}
