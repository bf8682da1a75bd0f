/** How a field's value stands on the wire (protobuf encoding, "Message Structure"). The other numbers are groups or free. */
export const WireType = { VARINT: 0, FIXED64: 1, LENGTH: 2, FIXED32: 5 } as const;
export type WireType = (typeof WireType)[keyof typeof WireType];
