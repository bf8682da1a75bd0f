const idForm = /^[A-Za-z0-9._~-]{1,128}$/;
const uuidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text is an id: 1 to 128 characters of `A-Z a-z 0-9 . _ ~ -`. */
export function isId(text: string): boolean {
  return idForm.test(text);
}

/** Whether a text is a UUID in lower case, as RFC 9562 writes them: one membership has one spelling. */
export function isUuid(text: string): boolean {
  return uuidForm.test(text);
}
