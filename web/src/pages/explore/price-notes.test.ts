import { describe, expect, it } from 'vitest'
import { notesOf } from './price-notes.ts'

const entry = (model: string, validFrom: number | null, more: object = {}) => ({ model, validFrom, book: 'list', status: 'active', component: 'input_text', ...more }) as Parameters<typeof notesOf>[0][number]

describe('notes of prices that changed', () => {
  it('are one per model and instant, of models that were called, in order', () => {
    const entries = [entry('gpt-5', 9), entry('gpt-5', 9, { component: 'output_text' }), entry('gpt-5', 3, { book: 'contract' }), entry('gpt-5', null), entry('gemini-pro', 5), entry('gpt-5', 7, { status: 'cancelled' })]
    expect(notesOf(entries, ['gpt-5-2025-08-07'])).toEqual([{ atMs: 3, text: 'gpt-5: contract price begins' }, { atMs: 9, text: 'gpt-5: new list price' }])
    expect(notesOf([entry('gpt-5', 9)], ['gpt-51', 'o3'])).toEqual([])
  })
})
