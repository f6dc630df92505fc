/** The parts of ECharts we draw with; its own chunk, loaded with the first chart. Crosshair and tooltip are ours (`Crosshair.tsx`). */
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([LineChart, BarChart, GridComponent, MarkAreaComponent, MarkLineComponent, CanvasRenderer])

export { init }
