/** The engines Bellwether runs on: started for you, or yours. No domain words here. */
export * from './clickhouse/ports.ts'
export type { NativeBlock, NativeColumn } from './clickhouse/native/block.ts'
export { encodeNativeBlock, type NativeWriteColumn } from './clickhouse/native/writer.ts'
export { type ClickHouseEngine, type ClickHouseOptions, openClickHouse } from './clickhouse/open.ts'
export type { EngineState } from './supervisor/supervised-process.ts'
export { openPostgres, type PostgresEngine, type PostgresOptions } from './postgres/open.ts'
