/** Named bounds of ingest: what may grow, how far. Sizes that a setting decides are options of the factories instead. */

/** Largest payload of one log record; larger ones are refused before they are written. */
export const recordPayloadBytesMax = 128 * 1024 * 1024
/** Records that share one write and one fsync. */
export const flushRecordsMax = 512
/** Bytes that share one write and one fsync (one record may be larger). */
export const flushBytesMax = 16 * 1024 * 1024
/** Bytes accepted by the log and not yet durable; more means that the disk is too slow and the door says so. */
export const pendingBytesMax = 256 * 1024 * 1024
/** Sequence numbers reserved by one write of the identity file. */
export const sequenceBlock = 1024
/** Dead letters listed by one call. */
export const deadLettersListedMax = 1000
/** A dead letter's reason is cut to this many characters. */
export const deadLetterReasonCharsMax = 2000
/** Tenants named in one dead letter's description. */
export const deadLetterTenantsMax = 100
/** Files kept in `damaged/`; the oldest give way. */
export const damagedFilesMax = 64

/** Share of the log's size at which the door begins to refuse. */
export const admissionFullShare = 0.95
/** A full log takes records again below this share of its size. */
export const logResumeShare = 0.9
/** Free disk space must be this many times the reserve before a log that stopped for it takes records again. */
export const diskResumeFactor = 1.25

/** Projects with a token bucket in memory. */
export const rateBucketsMax = 10_000
/** (tenant, protocol) pairs remembered as sources; the longest silent one gives way. */
export const sourcesMax = 10_000
/** Refusal examples kept per project. */
export const refusedSamplesPerProjectMax = 50
/** Projects with refusal examples; the longest quiet one gives way. */
export const refusedProjectsMax = 1000
/** Characters kept of one refusal example. */
export const refusedTextCharsMax = 500
/** Reasons counted apart per project and direction; more are counted as `other`. */
export const conservationReasonsMax = 50

/** A segment of the lane `low` is sealed at this size: nobody knows how many points its bodies hold, and it is read in one piece. */
export const lowSegmentBytesMax = 2 * 1024 * 1024

/** Points of raw records inserted at once, at least: one that is larger goes alone. Building the inserts stops the event loop. */
export const rawPortionRowsMin = 25_000

/** Share of the log's size that the lane `low` may fill; beyond it its projects, and they alone, are told to come again. */
export const lowLaneShareMax = 0.5
