/** Who is signed in: the session, its places and rights. The screens before someone is in are loaded by their routes. */
export { PlaceProvider, usePlace } from './place.tsx'
export { passwordProblem } from './password-model.ts'
export { changePassword, findPlace, firstPlace, may, sessionQuery, signOut, type Place } from './session.queries.ts'
