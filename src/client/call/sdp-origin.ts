const originForm = /^o=\S+ (\d+) /m;

/**
 * Whether two descriptions of the other side come from different peer connections of it: the session id in the origin line
 * stays the same for a connection's life (RFC 9429, section 5.2.2).
 */
export function isOfAnotherConnection(before: string | undefined, now: string): boolean {
  const known = before === undefined ? undefined : originForm.exec(before)?.[1];
  return known !== undefined && known !== originForm.exec(now)?.[1];
}
