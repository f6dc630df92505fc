/** The demo: a small simulated shop that sends through the public protocols, so that every screen can be judged with life in it. */
export { floodKey } from './mishaps.ts'
export { runDemo, type DemoOptions } from './run-demo.ts'
