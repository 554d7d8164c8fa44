import { BarChart, LineChart } from 'echarts/charts'
import { AriaComponent, GridComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsType } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

// Only what the console draws: the rest of the library stays out of the bundle.
use([BarChart, LineChart, GridComponent, TooltipComponent, AriaComponent, SVGRenderer])

export const createChart = (element: HTMLElement): EChartsType => init(element, null, { renderer: 'svg' })
export type { EChartsType }
