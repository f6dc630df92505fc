/** How much a remote write 2 request holds, by a walk over its fields: nothing is looked up and nothing kept. */
import { AppError } from '../../kernel/errors.ts'
import { bodyTooManySamples } from '../errors.ts'
import { ProtoCursor } from '../protobuf/cursor.ts'

const timeSeriesTag = 42
const sampleTag = 18
const histogramTag = 26
const exemplarTag = 34

export interface RemoteWrite2Counts {
  samples: number
  histograms: number
  exemplars: number
}

/** Errors: `DecodeError`; `body.too_many_samples` beyond `samplesMax` samples or histograms, as soon as it is seen. */
export function countRemoteWrite2(body: Uint8Array, samplesMax: number): RemoteWrite2Counts {
  const counts = { samples: 0, histograms: 0, exemplars: 0 }
  const cursor = new ProtoCursor()
  cursor.reset(body)
  while (cursor.pos < cursor.end) {
    const tag = cursor.readTag()
    if (tag !== timeSeriesTag) {
      cursor.skip(tag)
      continue
    }
    const outer = cursor.enter()
    while (cursor.pos < cursor.end) {
      const field = cursor.readTag()
      if (field === sampleTag) counts.samples++
      else if (field === histogramTag) counts.histograms++
      else if (field === exemplarTag) counts.exemplars++
      if (counts.samples > samplesMax || counts.histograms > samplesMax) throw tooMany(samplesMax)
      cursor.skip(field)
    }
    cursor.leave(outer)
  }
  return counts
}

function tooMany(samplesMax: number): AppError {
  return new AppError(bodyTooManySamples, { publicText: `The request has more than ${samplesMax} samples.` })
}
