/** The one shape of an error of Bellwether's own API. */
import { z } from 'zod'

/** Body of every error that Bellwether's own API answers. */
export interface ApiErrorBody {
  error: { code: string; message: string; hint: string | null; requestId: string }
}

export const apiErrorBody: z.ZodType<ApiErrorBody> = z.object({
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().nullable(), requestId: z.string() }),
})
