/** Bounds of what one organization can hold and of what sign-in keeps in memory. */

export const projectsPerOrganizationMax = 1000
export const teamsPerOrganizationMax = 1000
export const membersPerOrganizationMax = 10_000
export const tokensPerOrganizationMax = 1000
export const keysPerProjectMax = 100

/** Failed sign-ins for one e-mail address, and for one network address, within the window. */
export const failuresPerEmailMax = 10
export const failuresPerAddressMax = 50
export const failureWindowMs = 15 * 60_000
/** Addresses remembered; the oldest is forgotten first. */
export const failureKeysMax = 10_000

export const inviteLinkTtlMs = 7 * 86_400_000
/** A change to the ingest keys is announced by the database; this is the longest one can go unnoticed if the announcement is lost. */
export const ingestKeysRefreshMs = 30_000
export const ingestKeysReconnectMs = 1000
/** How often what has expired is deleted, and how long a used link is kept. */
export const housekeepingPeriodMs = 3_600_000
export const usedLinkKeptMs = 30 * 86_400_000
export const auditDetailLengthMax = 500
