/** Bounds that both sides hold to. Those of single fields stand in the schema, as `(parley.options.v1.limit)`. */

/** Longest frame, in bytes, unless the server is configured otherwise. */
export const defaultMaxFrameBytes = 1_048_576;
/** Most requests of a session that may wait for their answers: as many as the log's dedupe mask remembers. */
export const maxUnanswered = 64;
/** Most rooms that a session may be in at once. */
export const maxRoomsPerSession = 64;
/** Most bytes of a room's metadata or a peer's attributes, keys and values together. */
export const maxMetadataBytes = 16_384;
/** Most entries of a room's metadata or a peer's attributes. */
export const maxMetadataEntries = 64;
/** Offsets and request ids stay below this: the last thing that is done for a session, after all its requests, has it as its seq. */
export const maxUint32 = 0xffff_ffff;

/** Names of the WebSocket subprotocols. */
export const protoSubprotocol = 'parley.v1.proto';
export const jsonSubprotocol = 'parley.v1.json';
