/** Bodies of `multipart/form-data` (RFC 7578) that are in memory: their parts, as views of the bytes. */
import { AppError } from '../../kernel/errors.ts'
import { badRequest } from '../errors.ts'

export interface Part {
  /** Of the form's field. */
  readonly name: string
  /** '' for none. */
  readonly fileName: string
  /** A view of the body. */
  readonly content: Buffer
}

const headBytesMax = 2000
/** RFC 2046, 5.1.1. */
const boundaryPattern = /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i

/** At most `partsMax` parts. Errors by code: `api.bad_request`. */
export function readMultipart(body: Buffer, contentType: string, partsMax: number): Part[] {
  const match = boundaryPattern.exec(contentType)
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined) throw bad('A form of the type multipart/form-data with its boundary is expected.')
  const [opening, delimiter] = [Buffer.from(`--${boundary}`), Buffer.from(`\r\n--${boundary}`)]
  const parts: Part[] = []
  let at = body.indexOf(opening)
  // What stands before the first boundary is no part.
  if (at === -1 || (at > 0 && body.toString('latin1', at - 2, at) !== '\r\n')) throw bad('The form does not begin with its boundary.')
  at += opening.byteLength
  while (body.toString('latin1', at, at + 2) !== '--') {
    if (parts.length === partsMax) throw bad(`A form has at most ${partsMax} parts here.`)
    const { part, end } = readPart(body, at, delimiter)
    parts.push(part)
    at = end + delimiter.byteLength
  }
  return parts
}

/** `at`: behind a boundary. */
function readPart(body: Buffer, at: number, delimiter: Buffer): { part: Part; end: number } {
  const headEnd = body.subarray(at, at + headBytesMax).indexOf('\r\n\r\n')
  const end = headEnd === -1 ? -1 : body.indexOf(delimiter, at + headEnd)
  if (body.toString('latin1', at, at + 2) !== '\r\n' || end === -1) throw bad('A part of the form is cut off or has no headers.')
  const disposition = /^content-disposition:(.*)$/im.exec(body.toString('utf8', at, at + headEnd))?.[1] ?? ''
  const [name, fileName] = [/[;\s]name="([^"]*)"/i.exec(disposition)?.[1], /[;\s]filename="([^"]*)"/i.exec(disposition)?.[1]]
  if (name === undefined) throw bad('A part of the form has no name.')
  return { part: { name, fileName: fileName ?? '', content: body.subarray(at + headEnd + 4, Math.max(end, at + headEnd + 4)) }, end }
}

function bad(publicText: string): AppError {
  return new AppError(badRequest, { publicText })
}
