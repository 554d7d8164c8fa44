/*
 * Form fields, for drawers, dialogs and pages. Every control is labelled, says its hint, and carries its error.
 *
 *   <TextField label hint? error? {...input attributes} />        one line; `mono` for keys, ids and addresses
 *   <SelectField label hint? error? options={[{value,label}]} {...select attributes} />
 *   <CheckField label hint? {...input attributes} />
 *   <FormError error={mutation.error} />                           what the server said, in its own words
 *   <FormFoot>…buttons…</FormFoot>                                 the row of buttons at the end; the main one last
 *
 * All are uncontrolled unless `value`/`checked` is given: read them with `new FormData(event.currentTarget)`.
 */
import { CircleAlert } from 'lucide-react'
import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes } from 'react'
import { ApiProblem } from '../api/problem.ts'
import { classNames } from './class-names.ts'

interface Labelled { readonly label: string; readonly hint?: ReactNode; readonly error?: string | undefined }

const box = 'h-9 w-full rounded-md border bg-surface px-3 text-sm font-normal disabled:opacity-50'
const edge = (error: string | undefined): string => (error === undefined ? 'border-line-strong' : 'border-bad')

function Around({ id, label, hint, error, children }: Labelled & { readonly id: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      <label htmlFor={id} className="text-sm font-medium">{label}</label>
      {children}
      {error !== undefined ? <p id={`${id}-note`} role="alert" className="text-xs text-bad">{error}</p> : hint !== undefined && <p id={`${id}-note`} className="label-quiet">{hint}</p>}
    </div>
  )
}

const described = (id: string, { hint, error }: Pick<Labelled, 'hint' | 'error'>): { readonly 'aria-describedby'?: string; readonly 'aria-invalid'?: true } =>
  ({ ...(hint !== undefined || error !== undefined ? { 'aria-describedby': `${id}-note` } : {}), ...(error === undefined ? {} : { 'aria-invalid': true }) })

export function TextField({ label, hint, error, mono = false, className, ...rest }: Labelled & InputHTMLAttributes<HTMLInputElement> & { readonly mono?: boolean }): ReactNode {
  const id = useId()
  return <Around id={id} label={label} hint={hint} error={error}><input id={id} {...described(id, { hint, error })} className={classNames(box, edge(error), mono && 'font-mono text-xs', className)} {...rest} /></Around>
}

export interface SelectOption { readonly value: string; readonly label: string }

export function SelectField({ label, hint, error, options, className, ...rest }: Labelled & SelectHTMLAttributes<HTMLSelectElement> & { readonly options: readonly SelectOption[] }): ReactNode {
  const id = useId()
  return (
    <Around id={id} label={label} hint={hint} error={error}>
      <select id={id} {...described(id, { hint, error })} className={classNames(box, edge(error), className)} {...rest}>
        {options.map((option) => <option key={option.value} value={option.value}>{option.label}</option>)}
      </select>
    </Around>
  )
}

export function CheckField({ label, hint, ...rest }: { readonly label: string; readonly hint?: ReactNode } & InputHTMLAttributes<HTMLInputElement>): ReactNode {
  const id = useId()
  return (
    <div className="flex items-start gap-2.5">
      <input id={id} type="checkbox" {...described(id, { hint })} className="mt-0.5 size-4 shrink-0 accent-[var(--accent)]" {...rest} />
      <div className="min-w-0">
        <label htmlFor={id} className="text-sm font-medium">{label}</label>
        {hint !== undefined && <p id={`${id}-note`} className="label-quiet mt-0.5">{hint}</p>}
      </div>
    </div>
  )
}

export function FormError({ error }: { readonly error: Error | null }): ReactNode {
  if (error === null) return null
  return (
    <p role="alert" className="flex items-start gap-2 rounded-lg bg-bad-soft px-3 py-2 text-sm text-bad">
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <span className="min-w-0">{error instanceof ApiProblem && error.detail !== '' && error.detail !== error.title ? `${error.title} ${error.detail}` : error.message}</span>
    </p>
  )
}

export const FormFoot = ({ children }: { readonly children: ReactNode }): ReactNode => <div className="flex items-center justify-end gap-2 pt-2">{children}</div>
