import { isObject } from './overlap.ts'
import type { JsonObject } from './request-body.ts'

/**
 * Google's servers take a field under its camel-case name or its proto's snake-case one. Both at once are refused where
 * they would decide a cost.
 */
export const fieldOf = (object: JsonObject, name: string): unknown => object[name] ?? object[snakeOf(name)]

export const snakeOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
export const camelOf = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** A lone object instead of a list is read by Google's parser, and some of its own examples send one. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : isObject(value) ? [value] : [])
