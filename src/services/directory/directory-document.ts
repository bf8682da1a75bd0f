import { z } from 'zod';
import { isId } from '../../shared/ids.ts';
import { maxUint32 } from '../../shared/limits.ts';
import { textMapFault } from '../../shared/text-map.ts';

/** Stands for every user in a room's `allow`. */
export const everyone = '*';

const idRule = 'must be an id: 1 to 128 of A-Z a-z 0-9 . _ ~ -';
const id = z.string().refine(isId, idRule);
const idOrEveryone = z.string().refine((text) => text === everyone || isId(text), `${idRule}, or *`);
const count = z.int().min(0).max(maxUint32);

const permissions = z.array(z.enum(['publish', 'subscribe', 'chat', 'relay', 'host']));

const metadata = z.record(z.string(), z.string()).superRefine((map, context) => {
  const fault = textMapFault(map);
  if (fault !== undefined) context.addIssue(fault);
});

// Rules between two fields are looked at also where a third field is wrong, so that all problems show at once.
const whenObject = (payload: z.core.ParsePayload): boolean =>
  typeof payload.value === 'object' && payload.value !== null;

const room = z
  .strictObject({
    mode: z.enum(['p2p', 'sfu']).default('p2p'),
    access: z.enum(['open', 'grant', 'ask']).optional(),
    createOnJoin: z.boolean().default(true),
    capacity: count.default(0),
    permissions: permissions.default(['publish', 'subscribe', 'chat', 'relay']),
    creatorIsHost: z.boolean().default(false),
    p2pFallback: z.boolean().default(false),
    sfuAbovePeers: count.default(0),
    metadata: metadata.default({}),
    allow: z.record(idOrEveryone, z.strictObject({ permissions: permissions.optional() })).optional(),
    refusal: z.string().min(1).max(1_000).default('You are not on the list of this room.'),
  })
  // A list that nobody asks for would look like a lock and be none.
  .refine((value) => value.allow === undefined || value.access === undefined || value.access === 'ask', {
    path: ['access'],
    when: whenObject,
    error: 'must be "ask" where there is a list "allow"',
  })
  .refine((value) => value.access !== 'ask' || value.allow !== undefined, {
    path: ['allow'],
    when: whenObject,
    error: 'must be there where access is "ask"',
  });

const user = z.strictObject({
  displayName: z.string().max(256).optional(),
  avatarUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }).optional(),
});

/** The JSON of a directory file: rooms, users and contacts, each by its id. docs/directory.md says what each field means. */
export const directoryDocumentSchema = z.strictObject({
  rooms: z.record(id, room).default({}),
  users: z.record(id, user).default({}),
  contacts: z.record(id, z.array(id)).default({}),
});

export type DirectoryDocument = z.output<typeof directoryDocumentSchema>;
export type DirectoryDocumentRoom = DirectoryDocument['rooms'][string];

/** Something in a directory file that is not as it must be. */
export interface DocumentProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

export type DocumentReading =
  | { readonly good: true; readonly document: DirectoryDocument }
  | { readonly good: false; readonly problems: readonly DocumentProblem[] };

/** Reads a directory file's text. Finds all problems at once. */
export function readDirectoryDocument(text: string): DocumentReading {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { good: false, problems: [{ path: [], message: `is not JSON${placeOf(error)}` }] };
  }
  const parsed = directoryDocumentSchema.safeParse(json);
  if (parsed.success) return { good: true, document: parsed.data };
  return { good: false, problems: parsed.error.issues.map(problemOf) };
}

/** Where the parser stopped, without the rest of its message, which quotes the file. */
function placeOf(error: unknown): string {
  const place = error instanceof SyntaxError ? /line \d+ column \d+/.exec(error.message)?.[0] : undefined;
  return place === undefined ? '' : ` at ${place}`;
}

function problemOf(issue: z.core.$ZodIssue): DocumentProblem {
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
  return { path: issue.path, message };
}
