import type { Break } from './broken-source.ts';

/** Readers of frames that are broken on purpose, by name. */
export const brokenReaders = {
  'accepts groups': {
    file: 'wire-reader.ts',
    find: '  (1 << WireType.VARINT) |',
    put: '  (1 << 3) | (1 << 4) | (1 << WireType.VARINT) |',
    also: {
      find: 'if (wire === WireType.VARINT) return this.varint();',
      put: `if (wire === 4) return 0;
        for (let inner = 0; wire === 3; ) {
          inner = this.tag();
          if (inner < 0 || (inner & 7) === 4) return Math.min(inner, 0);
          if (this.skip(inner & 7) < 0) return -1;
        }
        if (wire === WireType.VARINT) return this.varint();`,
    },
  },
  'accepts field number 0': {
    file: 'wire-reader.ts',
    find: "if (tag < 8) return this.fail('has a field of number 0');",
    put: '',
  },
  'ignores a field that comes twice': {
    file: 'walk.ts',
    find: 'if ((seen & field.bit) !== 0) return this.failAt(field, setTwice);',
    put: '',
  },
  'takes the second of two bodies': {
    file: 'client-frame.ts',
    find: 'if ((seen & field.bit) !== 0) return this.again(number);',
    put: '',
  },
  'accepts two keys in an entry of a map': {
    file: 'walk.ts',
    find: "if ((seen & (tag >>> 3)) !== 0) return this.failAt(part, 'is set twice');",
    put: '',
  },
  'accepts overlong varints of 32 bits': {
    file: 'wire-reader.ts',
    find: 'if (last > 0x0f)',
    put: 'if (last > 0x7f)',
  },
  'accepts overlong varints of 64 bits': {
    file: 'wire-reader.ts',
    find: 'if (count === 10 && byte > 1) break;',
    put: '',
  },
  'accepts a length past the end of its message': {
    file: 'wire-reader.ts',
    find: 'length > this.end - this.pos ?',
    put: 'length > this.bytes.length - this.pos ?',
  },
  'has no depth limit': {
    file: 'walk.ts',
    find: 'if (level > maxLevels)',
    put: 'if (level > 10 * maxLevels)',
  },
  'does not look whether text is UTF-8': {
    file: 'walk.ts',
    find: 'return isText(this.bytes, start, this.pos)',
    put: 'return start <= this.pos',
  },
  'lets text be a byte longer': {
    file: 'walk.ts',
    find: 'if (length > field.maxBytes)',
    put: 'if (length > field.maxBytes + 1)',
  },
  'wants text to be a byte shorter': {
    file: 'walk.ts',
    find: 'if (length > field.maxBytes)',
    put: 'if (length >= field.maxBytes)',
  },
  'lets lists have an item more': {
    file: 'walk.ts',
    find: 'return count > field.maxItems ?',
    put: 'return count > field.maxItems + 1 ?',
  },
  'lets maps have a byte more': {
    file: 'walk.ts',
    find: 'bytes <= field.maxBytes) return 0',
    put: 'bytes <= field.maxBytes + 1) return 0',
  },
  'lets a frame be a byte longer': {
    file: 'client-frame.ts',
    find: 'if (bytes.length > maxFrameBytes)',
    put: 'if (bytes.length > maxFrameBytes + 1)',
  },
  'lets an unknown field more pass': {
    file: 'walk.ts',
    find: 'if (++this.unknown > maxUnknownFields)',
    put: 'if (this.unknown++ > maxUnknownFields)',
  },
  'misses that a field is required': {
    file: 'walk.ts',
    find: '(seen & shape.required) === shape.required ?',
    put: 'seen >= 0 ?',
  },
  'accepts any wire type': {
    file: 'walk.ts',
    find: 'if (wire !== field.wire) return this.wrongWire(wire);',
    put: '',
  },
  'views the body from its second byte': {
    file: 'client-frame.ts',
    find: 'body: bytes.subarray(bodyStart, bodyEnd)',
    put: 'body: bytes.subarray(Math.min(bodyStart + 1, bodyEnd), bodyEnd)',
  },
  'swaps room and receiver of a relay': {
    file: 'relay.ts',
    find: 'if (tag === roomIdTag)',
    put: 'if (tag === toTag)',
  },
} satisfies Record<string, Break>;

/** Writers of frames that are broken on purpose, by name. */
export const brokenWriters = {
  'writes numbers from 2^31 with a sign': {
    file: 'wire-writer.ts',
    find: 'rest >>>= 7;',
    put: 'rest >>= 7;',
  },
  'swaps the two chains of an event': {
    file: 'server-frame.ts',
    find: 'at = putUint32Field(out, at, previousTag, previous);',
    put: 'at = putUint32Field(out, at, previousToAllTag, previous);',
    also: {
      find: 'at = putUint32Field(out, at, previousToAllTag, previousToAll);',
      put: 'at = putUint32Field(out, at, previousTag, previousToAll);',
    },
  },
  'writes the epoch from its other end': {
    file: 'wire-writer.ts',
    find: 'out.writeUInt32LE(',
    put: 'out.writeUInt32BE(',
  },
  'forgets the correlation id': {
    file: 'relay.ts',
    find: 'at = putBytes(out, putHead(out, at, correlationIdTag, correlationId.length), correlationId);',
    put: 'at += lengthFieldSize(correlationIdTag, correlationId.length);',
  },
} satisfies Record<string, Break>;
