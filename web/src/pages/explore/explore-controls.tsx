import type { ReactNode } from 'react'
import { Picker, type PickerOption } from '../../design/picker.tsx'
import { RangePicker } from '../../design/range-picker.tsx'
import { Toolbar } from '../../design/toolbar.tsx'
import type { Span } from '../../format/range.ts'
import { comparisons, firstView, grainOf, grains, levelsMax, type Comparison, type ExploreView, type Grain } from './explore-search.ts'
import { AddFilter, FilterChip } from './filter-editor.tsx'
import { Trail } from './trail.tsx'
import { dimensionIds, dimensionNames, fineDimensions, measureIds, measures, type Dimension, type ExploreMeasure } from './measures.ts'

const measureOptions: readonly PickerOption[] = measureIds.map((value) => ({ value, label: measures[value].name }))
const grainNames: Readonly<Record<Grain, string>> = { hour: 'By hour', day: 'By day', week: 'By week', month: 'By month', none: 'Whole range' }
const grainOptions: readonly PickerOption[] = grains.map((value) => ({ value, label: grainNames[value] }))
export const comparisonNames: Readonly<Record<Comparison, string>> = { previous_period: 'Period before', previous_year: 'Year before', none: 'No comparison' }
const comparisonOptions: readonly PickerOption[] = comparisons.map((value) => ({ value, label: value === 'none' ? comparisonNames.none : `Against the ${comparisonNames[value].toLowerCase()}` }))

export type SetView = (view: ExploreView, how?: { readonly replace?: boolean }) => void

/** The question, read from left to right: what, by whom, when, against when; below it, of what. */
export function ExploreControls({ view, span, nowMs, onChange }: { readonly view: ExploreView; readonly span: Span; readonly nowMs: number; readonly onChange: SetView }): ReactNode {
  return (
    <div className="mb-1 flex flex-col">
      <Toolbar label="Question" tight>
        <Picker label="Measure" value={view.measure} options={measureOptions} onChange={(measure) => onChange({ ...view, measure: (measure ?? 'cost') as ExploreMeasure })} clearable={false} />
        <Levels by={view.by} onChange={(by) => onChange({ ...view, by })} />
        <span aria-hidden className="mx-1 h-4 w-px shrink-0 bg-line-strong" />
        <RangePicker value={view.range} nowMs={nowMs} onChange={(range) => onChange({ ...view, range, grain: null })} />
        <Picker label="Step" value={grainOf(view, span)} options={grainOptions} onChange={(grain) => onChange({ ...view, grain: (grain ?? null) as Grain | null })} clearable={false} />
        <Picker label="Comparison" value={view.compare} options={comparisonOptions} onChange={(compare) => onChange({ ...view, compare: (compare ?? 'none') as Comparison })} clearable={false} />
      </Toolbar>
      <Toolbar label="Filters">
        <AddFilter view={view} span={span} onChange={onChange} />
        <Trail view={view} onChange={onChange} />
        {view.filters.filter((filter) => filter.op === 'not_in' || filter.values.length > 1).map((filter) => <FilterChip key={filter.dimension} filter={filter} view={view} span={span} onChange={onChange} />)}
        {view.filters.length > 1 && <button type="button" onClick={() => onChange({ ...view, filters: [], by: view.by.length === 0 ? firstView.by : view.by })} className="h-7 shrink-0 rounded-md px-2 text-xs font-medium text-ink-2 hover:text-ink">Clear all</button>}
      </Toolbar>
    </div>
  )
}

/** Business unit › Team › …: each level can be another dimension, or go. */
function Levels({ by, onChange }: { readonly by: readonly Dimension[]; readonly onChange: (by: readonly Dimension[]) => void }): ReactNode {
  const optionsFor = (own?: Dimension): readonly PickerOption[] => dimensionIds.filter((dimension) => dimension === own || !by.includes(dimension)).map((value) => ({ value, label: dimensionNames[value], ...(fineDimensions.has(value) ? { note: 'slower' } : {}) }))
  return (
    <>
      {by.map((dimension, place) => (
        <Picker
          key={dimension} label={place === 0 ? 'by' : 'then'} value={dimension} options={optionsFor(dimension)}
          onChange={(next) => onChange(next === undefined ? by.filter((other) => other !== dimension) : by.map((other) => (other === dimension ? (next as Dimension) : other)))}
        />
      ))}
      {by.length < levelsMax && <Picker label={by.length === 0 ? 'Group by' : 'then by'} value={undefined} options={optionsFor()} onChange={(next) => { if (next !== undefined) onChange([...by, next as Dimension]) }} />}
    </>
  )
}
