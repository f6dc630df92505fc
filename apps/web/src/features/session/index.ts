/** Who is signed in: the session, its places and rights, and the screens before someone is in. */
export { FirstRunPage } from './FirstRunPage.tsx'
export { SignInPage } from './SignInPage.tsx'
export { PlaceProvider, usePlace } from './place.tsx'
export { findPlace, firstPlace, may, sessionQuery, signOut, type Place } from './session.queries.ts'
